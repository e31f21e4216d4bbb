import { describe, expect, it } from "vitest";
import { digestOf, events, group, problem, setUp } from "../../../test/app-client.ts";
import { FakeSegmenter } from "../../../test/fakes.ts";
import { type ImageBody, localCompute } from "../index.ts";

describe("event stream", () => {
  const accept = { accept: "text/event-stream" };

  it("tells each step and ends with the same body as the JSON answer", async () => {
    const { post } = setUp();
    const files: [string, string][] = [
      ["b.jpg", "image two"],
      ["a.jpg", "image one"],
      ["c.jpg", "image one"],
    ];
    const response = await post(files, "", accept);
    expect(response.headers.get("content-location")).toMatch(/^\/v1\/groups\/[0-9a-f]{64}$/);
    expect(response.headers.get("x-request-id")).toMatch(/^\S+$/);
    expect(response.headers.get("cosal-backend")).toBe('wasm;reason="no other backend"');
    const told = await events(response);
    const progress = told.filter(({ event }) => event === "progress");
    expect(progress.map(({ data }) => [data.stage, data.done, data.total])).toEqual([
      ["dispatched", 0, 2],
      ["encoded", 1, 2],
      ["encoded", 2, 2],
      ["consensus", 2, 2],
    ]);
    const named = told.filter(({ event }) => event === "image").map(({ data }) => data.id);
    expect(named.sort()).toEqual(["a.jpg", "b.jpg", "c.jpg"]);
    const again = await group(await post(files));
    expect(told.at(-1)).toMatchObject({ event: "result", data: { ...again, cache: "miss" } });
  });

  it("goes on where a dropped reader was, whether the group is stored or not", async () => {
    const files = Array.from({ length: 5 }, (_, i) => [`${i}`, `image ${i}`] as [string, string]);
    for (const isStored of [true, false]) {
      const { post } = setUp();
      const all = (await events(await post(files, "", accept))).filter((e) => e.event === "image");
      expect(all.length).toBe(5);
      const { post: other } = setUp();
      const resume = isStored ? post : other;
      const headers = { ...accept, "last-event-id": all[1]!.id! };
      const rest = (await events(await resume(files, "", headers))).filter(
        (e) => e.event === "image",
      );
      expect(rest.map(({ data }) => data.sha256)).toEqual(
        all.slice(2).map(({ data }) => data.sha256),
      );
      expect(rest.map(({ id }) => id)).toEqual(all.slice(2).map(({ id }) => id));
      const foreign = { ...accept, "last-event-id": `${"0".repeat(64)}.ff` };
      const again = await events(await resume(files, "", foreign));
      expect(again.filter((e) => e.event === "image").length).toBe(5);
      expect(again.at(-1)!.event).toBe("result");
    }
  });

  it("answers an error with its status as long as nothing was sent", async () => {
    const { post } = setUp();
    const response = await post([["a.jpg", "text"]], "", accept);
    expect(response.status).toBe(415);
    expect(await problem(response)).toMatchObject({ code: "image_type_unsupported" });
  });

  it("sends an error as an event after that", async () => {
    const { post } = setUp();
    // The fake reads in the order of digests: the good one has to come first.
    const good = await digestOf("image one");
    let broken = "image broken";
    while ((await digestOf(broken)) < good) broken += "!";
    const files = ["image one", broken].map((text) => [text, text] as [string, string]);
    const told = await events(await post(files, "", accept));
    expect(told.at(-1)).toMatchObject({
      event: "error",
      data: { code: "image_undecodable", errors: [{ pointer: "#/images/1", image: broken }] },
    });
  });

  it("stops computing when the reader leaves", async () => {
    const { request, post, segmenter } = setUp();
    const files = Array.from({ length: 60 }, (_, i) => [`${i}`, `image ${i}`] as [string, string]);
    const response = await post(files, "", accept);
    await response.body!.cancel();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await request("/healthz")).status).toBe(200);
    expect((await group(await post(files))).cache).toBe("miss");
    expect(segmenter.calls.length).toBe(2);
  });
});

describe("zip", () => {
  it("has every mask under its image's name and the JSON last", async () => {
    const { post, request } = setUp();
    const files: [string, string][] = [
      ["../a.jpg", "image one"],
      ["b.jpg", "image two"],
      ["b.jpg", "image two"],
    ];
    const response = await post(files, "?format=svg", { accept: "application/zip" });
    expect(response.headers.get("content-type")).toBe("application/zip");
    const entries = unzip(new Uint8Array(await response.arrayBuffer()));
    const names = ["masks/__a.svg", "masks/b-2.svg", "masks/b.svg", "result.json"];
    expect(Object.keys(entries).sort()).toEqual(names);
    const body = JSON.parse(entries["result.json"]!);
    const mask = await (await request(body.images[1].mask.url)).text();
    expect(entries["masks/b.svg"]).toBe(mask);
    expect(mask).toMatch(/^<svg/);
    expect(body.images.map(({ id, file }: ImageBody) => [id, file])).toEqual([
      ["../a.jpg", "masks/__a.svg"],
      ["b.jpg", "masks/b.svg"],
      ["b-2.jpg", "masks/b-2.svg"],
    ]);
    expect((await group(await post(files))).images[0]).not.toHaveProperty("file");
    const stored = await post(files, "?format=svg", { accept: "application/zip" });
    expect(unzip(new Uint8Array(await stored.arrayBuffer()))["masks/b.svg"]).toBe(mask);
  });

  it("answers a broken image with its status", async () => {
    const { post } = setUp();
    const files: [string, string][] = [
      ["a.jpg", "image one"],
      ["b.jpg", "image broken"],
    ];
    const response = await post(files, "", { accept: "application/zip" });
    expect([response.status, (await problem(response)).code]).toEqual([422, "image_undecodable"]);
  });
});

describe("multipart/mixed", () => {
  it("has a part for the consensus and each photograph, and the JSON last", async () => {
    const { post, stores } = setUp();
    const files: [string, string][] = [
      ["a.jpg", "image one"],
      ["b.jpg", "image two"],
    ];
    for (const _ of ["miss", "hit"]) {
      const response = await post(files, "?output=logits", { accept: "multipart/mixed" });
      const boundary = /boundary=(.+)$/.exec(response.headers.get("content-type")!)![1]!;
      const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
      const parts = text.split(`--${boundary}`).slice(1, -1);
      const types = parts.map((part) => /Content-Type: (.+)\r/.exec(part)![1]);
      expect(types).toEqual([
        "application/vnd.cosal.consensus",
        "application/vnd.cosal.logits",
        "application/vnd.cosal.logits",
        "application/json",
      ]);
      const body = JSON.parse(parts[3]!.split("\r\n\r\n")[1]!);
      const sha256 = /filename="([0-9a-f]{64})"/.exec(parts[1]!)![1]!;
      const record = await stores("").groups.mask(body.id, sha256);
      const length = Number(/Content-Length: (\d+)/.exec(parts[1]!)![1]);
      const bytes = parts[1]!.slice(parts[1]!.indexOf("\r\n\r\n") + 4).slice(0, length);
      expect(bytes).toBe(Buffer.from(record!).toString("latin1"));
    }
  });

  it("ends with the problem when the backend fails in the middle", async () => {
    const segmenter = new FakeSegmenter();
    const local = localCompute({ name: "wasm", reason: "", segmenter: async () => segmenter });
    const { post, log } = setUp({
      async *compute(job, context) {
        for await (const event of local(job, context)) {
          yield event;
          if (event.type === "mask") throw new Error("the card burns");
        }
      },
    });
    const files: [string, string][] = [
      ["a.jpg", "image one"],
      ["b.jpg", "image two"],
    ];
    const response = await post(files, "", { accept: "multipart/mixed" });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toContain('"code":"internal"');
    expect(text).not.toContain("burns");
    expect(JSON.stringify(log.map(({ error }) => String(error)))).toContain("burns");
  });
});

describe("content negotiation", () => {
  it.each([
    ["*/*", "application/json"],
    ["text/html, application/xhtml+xml, */*;q=0.8", "application/json"],
    ["application/zip;q=0.5, multipart/mixed", "multipart/mixed"],
    ["application/*", "application/json"],
    ["application/json;q=0, application/*", "application/zip"],
    ["multipart/*;q=0.1", "multipart/mixed"],
  ])("%s", async (accept, type) => {
    const { post } = setUp();
    const response = await post([["a.jpg", "image one"]], "", { accept });
    expect(response.headers.get("content-type")!.split(";")[0]).toBe(type);
    await response.arrayBuffer();
  });

  it("refuses what cannot be given before it reads the body", async () => {
    const { post, calls } = setUp();
    const response = await post([["a.jpg", "image one"]], "", { accept: "text/html" });
    expect([response.status, (await problem(response)).code]).toEqual([406, "not_acceptable"]);
    expect(calls).toEqual([]);
  });
});

/** Stored entries of an archive, by its central directory. */
function unzip(bytes: Uint8Array): Record<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const text = new TextDecoder();
  const entries: Record<string, string> = {};
  let at = view.getUint32(bytes.length - 6, true);
  while (view.getUint32(at, true) === 0x02014b50) {
    const [size, name, extra] = [
      view.getUint32(at + 24, true),
      view.getUint16(at + 28, true),
      view.getUint16(at + 30, true),
    ];
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    entries[text.decode(bytes.subarray(at + 46, at + 46 + name))] = text.decode(
      bytes.subarray(start, start + size),
    );
    at += 46 + name + extra + view.getUint16(at + 32, true);
  }
  return entries;
}
