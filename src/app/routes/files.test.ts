import { beforeEach, describe, expect, it } from "vitest";
import { group, problem, setUp } from "../../../test/app-client.ts";
import { nodeDecoder } from "../../codec/node.ts";
import type { ImageBody } from "../index.ts";

describe("a mask", () => {
  let client: ReturnType<typeof setUp>;
  let image: ImageBody;
  let base: string;

  beforeEach(async () => {
    client = setUp();
    image = (await group(await client.post([["a.jpg", "image one"]]))).images[0]!;
    base = image.mask.url.replace(/\.png$/, "");
  });

  it("has a strong ETag, and 304 for who has it", async () => {
    const response = await client.request(`${base}.png`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("image/png");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const etag = response.headers.get("etag")!;
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    const bytes = await response.arrayBuffer();
    expect(response.headers.get("content-length")).toBe(String(bytes.byteLength));
    for (const match of [etag, `"x", ${etag}`, "*", `W/${etag}`]) {
      const headers = { "if-none-match": match };
      const again = await client.request(`${base}.png`, { headers });
      expect(again.status).toBe(304);
      expect(again.headers.get("etag")).toBe(etag);
      expect(again.headers.get("cache-control")).toContain("immutable");
      expect(await again.text()).toBe("");
    }
    const other = await client.request(`${base}.png`, { headers: { "if-none-match": '"x"' } });
    expect(other.status).toBe(200);
    const head = await client.request(`${base}.png`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-length")).toBe(String(bytes.byteLength));
    expect(head.headers.get("etag")).toBe(etag);
  });

  it("has the same ETag from memory, from the store, and without being rendered", async () => {
    const etag = (await client.request(`${base}.webp`)).headers.get("etag")!;
    const cold = setUp({ stores: client.stores });
    const headers = { "if-none-match": etag };
    expect((await cold.request(`${base}.webp`, { headers })).status).toBe(304);
    expect((await cold.request(`${base}.webp`)).headers.get("etag")).toBe(etag);
    expect((await client.request(`${base}.png`)).headers.get("etag")).not.toBe(etag);
  });

  it("comes in every form, of the photograph's size", async () => {
    const file = async (suffix: string) => {
      const response = await client.request(`${base}.${suffix}`);
      expect(response.status).toBe(200);
      return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
    };
    for (const suffix of ["png", "webp", "binary.png"]) {
      const { bytes } = await file(suffix);
      const pixels = await nodeDecoder().decode(bytes);
      expect([pixels.width, pixels.height]).toEqual([image.width, image.height]);
      expect(pixels.data[0]).toBeGreaterThan(250);
      expect(pixels.data[4 * (image.width - 1)]).toBeLessThan(5);
    }
    const rle = JSON.parse(new TextDecoder().decode((await file("rle.json")).bytes));
    expect(rle.size).toEqual([image.height, image.width]);
    const polygons = JSON.parse(new TextDecoder().decode((await file("polygons.json")).bytes));
    expect(polygons[0].length).toBeGreaterThanOrEqual(8);
    const svg = await file("svg");
    expect(svg.response.headers.get("content-type")).toBe("image/svg+xml");
    expect(svg.response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(new TextDecoder().decode(svg.bytes)).not.toMatch(/script|href|on\w+=/);
    const logits = await file("logits");
    expect(logits.response.headers.get("content-type")).toBe("application/vnd.cosal.logits");
  });

  it("can be of the network's size, and cut at a threshold", async () => {
    const response = await client.request(`${base}.png?size=model`);
    const { width, height } = await nodeDecoder().decode(
      new Uint8Array(await response.arrayBuffer()),
    );
    expect([width, height]).toEqual([8, 8]);
    const text = async (query: string) => (await client.request(`${base}.rle.json${query}`)).text();
    expect(await text("?threshold=0.99")).not.toBe(await text(""));
    expect(await text("?threshold=0.5")).toBe(await text(""));
    const large = await client.request(`${base}.png?size=90x40`);
    expect(await nodeDecoder().decode(await large.bytes())).toMatchObject({
      width: 90,
      height: 40,
    });
    const huge = await client.request(`${base}.png?size=16383x16383`);
    expect((await problem(huge)).code).toBe("image_too_many_pixels");
    for (const query of [
      "?size=0x9",
      "?threshold=1",
      "?threshold=x",
      "?size=huge",
      "?page=1",
      "?__proto__=1",
      "?constructor=1",
      "?size=model&size=model",
    ]) {
      const refused = await client.request(`${base}.png${query}`);
      expect([query, refused.status]).toEqual([query, 400]);
    }
  });

  it("can be fetched in parts", async () => {
    const whole = new Uint8Array(await (await client.request(`${base}.png`)).arrayBuffer());
    const ranges: [string, Uint8Array][] = [
      ["bytes=0-9", whole.subarray(0, 10)],
      ["bytes=10-", whole.subarray(10)],
      ["bytes=-7", whole.subarray(-7)],
      ["bytes=5-100000", whole.subarray(5)],
    ];
    for (const [range, wanted] of ranges) {
      const response = await client.request(`${base}.png`, { headers: { range } });
      expect(response.status).toBe(206);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(wanted);
      const from = whole.length - wanted.length === 0 ? 0 : wanted.byteOffset - whole.byteOffset;
      const to = from + wanted.length - 1;
      expect(response.headers.get("content-range")).toBe(`bytes ${from}-${to}/${whole.length}`);
    }
    for (const range of ["bytes=0-1,3-4", "lines=1-2", "bytes=-"]) {
      expect((await client.request(`${base}.png`, { headers: { range } })).status).toBe(200);
    }
    const headers = { range: "bytes=0-9", "if-range": '"another"' };
    expect((await client.request(`${base}.png`, { headers })).status).toBe(200);
    const beyond = await client.request(`${base}.png`, { headers: { range: "bytes=100000-" } });
    expect([beyond.status, (await problem(beyond)).code]).toEqual([416, "range_invalid"]);
    expect(beyond.headers.get("content-range")).toBe(`bytes */${whole.length}`);
  });

  it("may run nothing as an SVG, in parts too", async () => {
    const whole = await client.request(`${base}.svg`);
    const policy = whole.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    for (const range of ["bytes=0-9", "bytes=-9", "bytes=0-", "bytes=0-1,3-4", "lines=1-2"]) {
      const part = await client.request(`${base}.svg`, { headers: { range } });
      expect([range, part.headers.get("content-security-policy")]).toEqual([range, policy]);
      expect(part.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  it("can be fetched in parts like its group and consensus", async () => {
    const path = base.split("/masks/")[0]!;
    for (const address of [path, `${path}/consensus`, `${base}.rle.json`, `${base}.png`]) {
      const whole = await (await client.request(address)).bytes();
      const part = await client.request(address, { headers: { range: "bytes=0-9" } });
      expect(part.status).toBe(206);
      expect(await part.bytes()).toEqual(whole.slice(0, 10));
      const beyond = await client.request(address, { headers: { range: "bytes=9999999-" } });
      expect(beyond.status).toBe(416);
    }
  });

  it("is only of the group's photographs", async () => {
    const stranger = base.replace(image.sha256, "b".repeat(64));
    expect((await client.request(`${stranger}.png`)).status).toBe(404);
    // Asking for what is not there must not harm what is.
    expect((await client.request(`${base}.png`)).status).toBe(200);
  });

  it("is asked for at the rate limits and told to analytics though it is in memory", async () => {
    let asked = 0;
    const rates = async () => void asked++;
    const limited = setUp({ stores: client.stores, rates });
    const routes: string[] = [];
    const counted = setUp({
      stores: client.stores,
      analytics: ({ route }) => void routes.push(route),
    });
    for (let i = 0; i < 3; i++) {
      expect((await limited.request(`${base}.png`)).status).toBe(200);
      expect((await counted.request(`${base}.png`)).headers.get("x-request-id")).toBeTruthy();
    }
    expect(asked).toBe(3);
    const masks = routes.filter((route) => route.includes("masks"));
    expect(masks).toHaveLength(3);
    expect(new Set(masks).size).toBe(1);
  });

  it("is in memory until its group is removed", async () => {
    await client.request(`${base}.png`);
    const { groups } = client.stores("");
    const id = base.split("/")[3]!;
    // Behind the service's back, as another isolate would.
    await groups.delete(id);
    expect((await client.request(`${base}.png`)).status).toBe(200);
    await client.request(`/v1/groups/${id}`, { method: "DELETE" });
    expect((await client.request(`${base}.png`)).status).toBe(404);
  });
});
