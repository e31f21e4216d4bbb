import { describe, expect, it } from "vitest";
import bowls from "../../examples/raccoons/at-two-bowls.jpg";
import bin from "../../examples/raccoons/on-a-bin.jpg";
import cat from "../../examples/raccoons/with-a-cat.jpg";
import { crc32 } from "../../src/codec/crc32.ts";
import { workerdDecoder } from "../../src/codec/workerd.ts";
import { sha256 } from "../../src/group/index.ts";
import turned from "../fixtures/images/orientation-6.jpg";
import type { FormFile } from "../forms.ts";
import { fresh } from "../photographs.ts";
import { group, problem } from "../responses.ts";
import { loadWorker, post, request } from "./client.ts";

const GROUP: FormFile[] = [
  ["bin.jpg", bin],
  ["bowls.jpg", bowls],
  ["cat.jpg", cat],
];

loadWorker();

describe("the Worker, with its network", () => {
  it("finds masks of the photographs' sizes, and tells the truth about them", async () => {
    const body = await group(await post(GROUP));
    expect(body).toMatchObject({ model: { name: "cosal-lite" }, backend: "wasm", cache: "miss" });
    expect(body.images.map(({ id, width, height }) => [id, width, height])).toEqual([
      ["bin.jpg", 288, 206],
      ["bowls.jpg", 250, 172],
      ["cat.jpg", 288, 226],
    ]);
    for (const [i, image] of body.images.entries()) {
      expect(image.sha256).toBe(await sha256(new Uint8Array(GROUP[i]![1] as ArrayBuffer)));
      const response = await request(image.mask.url);
      expect(response.headers.get("content-type")).toBe("image/png");
      const file = new Uint8Array(await response.arrayBuffer());
      const { width, height, data } = await workerdDecoder().decode(file);
      expect([width, height]).toEqual([image.width, image.height]);
      expect(boxAndCoverage(data, width)).toEqual({
        box: image.box,
        coverage: expect.closeTo(image.coverage, 4),
      });
      expect(image.presence).toBeGreaterThanOrEqual(0);
      expect(image.presence).toBeLessThanOrEqual(1);
    }
  });

  it("answers the repeat from the cache, whatever the order and the names", async () => {
    const files = GROUP.map(([, bytes], i) => [`${i}.jpg`, fresh(bytes, "repeat")] as const);
    const first = await group(await post(files, "?inline=masks"));
    const renamed = files.map(([, bytes], i) => [`other ${i}`, bytes] as const).reverse();
    const second = await group(await post(renamed, "?inline=masks"));
    expect([first.cache, second.cache, second.id]).toEqual(["miss", "hit", first.id]);
    expect(second.images.map(({ id }) => id)).toEqual(["other 2", "other 1", "other 0"]);
    expect(second.images.map(({ mask }) => mask)).toEqual(
      first.images.map(({ mask }) => mask).reverse(),
    );
    const stored = await request(`/v1/groups/${first.id}`);
    expect(await stored.json()).toMatchObject({ id: first.id, cache: "hit" });
  });

  it("computes equal groups that arrive together once", async () => {
    const files = [["a.jpg", fresh(bin, "together")] as const];
    const bodies = await Promise.all(
      Array.from({ length: 30 }, async () => group(await post(files))),
    );
    const computed = bodies.filter(({ cache }) => cache === "miss");
    expect(computed).toHaveLength(1);
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(1);
  });

  it("turns photographs upright (EXIF)", async () => {
    const [image] = (await group(await post([["turned.jpg", turned]]))).images;
    const upright = workerdDecoder().inspect(new Uint8Array(turned));
    expect([image!.width, image!.height]).toEqual([upright.width, upright.height]);
    expect(upright.orientation).toBe(6);
  });

  it("gives repeated names and repeated photographs an answer each", async () => {
    const body = await group(
      await post([
        ["same.jpg", bin],
        ["same.jpg", bowls],
        ["same.jpg", bin],
      ]),
    );
    const [first, second, third] = body.images;
    expect(body.images.map(({ id }) => id)).toEqual(["same.jpg", "same-2.jpg", "same-3.jpg"]);
    expect(third).toEqual({ ...first, id: "same-3.jpg" });
    expect(second!.sha256).not.toBe(first!.sha256);
  });

  it("serves others while it works, and goes on after a caller has hung up", async () => {
    const files = GROUP.map(([name, bytes]) => [name, fresh(bytes, "hung up")] as const);
    const response = await post(files, "", { accept: "text/event-stream" });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain("event: progress");
    expect((await request("/healthz")).status).toBe(200);
    await reader.cancel();
    expect((await group(await post(files))).cache).toBe("miss");
  });

  it("gives masks with a strong ETag, and 304 to who has them", async () => {
    const { url } = (await group(await post(GROUP))).images[0]!.mask;
    const etag = (await request(url)).headers.get("etag")!;
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    const again = await request(url, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });
});

describe("bad requests", () => {
  const good: FormFile = ["good.jpg", bin];
  const images: [string, FormFile, number, string, object?][] = [
    ["a text", ["notes.jpg", "Dear diary"], 415, "image_type_unsupported"],
    ["an empty file", ["empty.jpg", ""], 415, "image_type_unsupported"],
    ["a truncated JPEG", ["half.jpg", bin.slice(0, bin.byteLength / 2)], 422, "image_undecodable"],
    ["a JPEG of two bytes", ["two.jpg", bin.slice(0, 2)], 415, "image_type_unsupported"],
    ["a 1x1 image", ["dot.png", png(1, 1)], 422, "image_too_small", { actual: 1 }],
    [
      "a 30,000 x 30,000 PNG header",
      ["huge.png", png(30_000, 30_000)],
      422,
      "image_too_many_pixels",
      { limit: expect.any(Number), actual: expect.any(Number) },
    ],
  ];

  it.each(images)("%s among the images", async (_, file, status, code, limit) => {
    const response = await post([good, file]);
    const body = await problem(response);
    expect([response.status, body.status, body.code]).toEqual([status, status, code]);
    const error = { pointer: "#/images/1", image: file[0], ...(limit && { limit }) };
    expect(body.errors).toMatchObject([error]);
    expect(body.detail).toContain(file[0]);
    await expectNextToWork();
  });

  const multipart = { "content-type": "multipart/form-data; boundary=b" };
  const bodies: [string, () => Promise<Response>, number, string][] = [
    ["no image", () => post([]), 400, "group_empty"],
    ["65 images", () => post(Array.from({ length: 65 }, () => good)), 413, "group_too_large"],
    [
      "no multipart",
      () => request("/v1/groups", { method: "POST", body: "{}" }),
      415,
      "content_type_unsupported",
    ],
    [
      "a multipart in name only",
      () => request("/v1/groups", { method: "POST", body: "hello", headers: multipart }),
      400,
      "body_not_multipart",
    ],
    [
      "a photograph of 25 MiB",
      () => post([["large.jpg", new Uint8Array(25 * 1024 * 1024)]]),
      413,
      "image_too_large",
    ],
    ["another method", () => request("/v1/groups"), 405, "method_not_allowed"],
    ["another route", () => request("/v1/group", { method: "POST" }), 404, "not_found"],
    ["a group that is not there", () => request(`/v1/groups/${"0".repeat(64)}`), 404, "not_found"],
    ["a file of the model", () => request("/cosal-lite/encoder.onnx"), 404, "not_found"],
  ];

  it.each(bodies)("%s", async (_, send, status, code) => {
    const response = await send();
    const body = await problem(response);
    expect([response.status, body.status, body.code]).toEqual([status, status, code]);
    await expectNextToWork();
  });
});

let requests = 0;

/** A group that is not in the cache, so that the network has to run. */
async function expectNextToWork(): Promise<void> {
  const body = await group(await post([["next.jpg", fresh(bowls, `next ${requests++}`)]]));
  expect([body.cache, body.images.length]).toEqual(["miss", 1]);
}

/** A PNG up to its pixels: signature, header of an 8-bit grey image, an empty IDAT. */
function png(width: number, height: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(45);
  const view = new DataView(bytes.buffer);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  view.setUint32(8, 13);
  bytes.set(new TextEncoder().encode("IHDR"), 12);
  view.setUint32(16, width);
  view.setUint32(20, height);
  bytes[24] = 8;
  view.setUint32(29, crc32(bytes.subarray(12, 29)));
  bytes.set(new TextEncoder().encode("IDAT"), 37);
  return bytes;
}

/** Share and bounding box of the pixels whose mask is object, from RGBA of a grey picture. */
function boxAndCoverage(data: Uint8Array | Uint8ClampedArray, width: number) {
  let [left, top, right, bottom, count] = [Infinity, Infinity, -1, -1, 0];
  for (let i = 0; i < data.length / 4; i++) {
    if (data[4 * i]! < 128) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
    count++;
  }
  const box = count === 0 ? null : [left, top, right - left + 1, bottom - top + 1];
  return { box, coverage: (4 * count) / data.length };
}
