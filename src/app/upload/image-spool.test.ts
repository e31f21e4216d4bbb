import { describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";
import { FAKE_LIMITS } from "../../../test/fakes.ts";
import { CosalError } from "../../errors.ts";
import { memoryStores } from "../../group/index.ts";
import { MemoryImageStore } from "../../group/memory.ts";

/** A store on which a request's photographs can rely, that remembers what it was asked. */
class PersistentImageStore extends MemoryImageStore {
  override readonly isPersistent = true;
  readonly puts: string[] = [];
  fault: CosalError | undefined;

  override async put(sha256: string, bytes: Uint8Array<ArrayBuffer>) {
    if (this.fault) throw this.fault;
    this.puts.push(sha256);
    await super.put(sha256, bytes);
  }
}

const limits = {
  ...{ ...FAKE_LIMITS, memoryBytes: 300_000, spoolBytes: 150_000 },
  backends: { wasm: { images: 64, pixels: 1e6, totalPixels: 1e8 } },
};

function withStore() {
  const images = new PersistentImageStore();
  const plain = memoryStores();
  const stores = (tenant: string) => ({ ...plain(tenant), images });
  return { ...setUp({ limits, stores }), images };
}

const files = Array.from(
  { length: 8 },
  (_, i) => [`${i}.jpg`, `image ${i} ${"x".repeat(70_000)}`] as [string, string],
);
const digests = await Promise.all(files.map(([, text]) => digestOf(text)));

const part = ([name, text]: [string, string]) =>
  `--b\r\nContent-Disposition: form-data; name="image"; filename="${name}"\r\n\r\n${text}\r\n`;

const formOf = (body: ReadableStream) =>
  ({
    ...{ method: "POST", body, duplex: "half" },
    headers: { "content-type": "multipart/form-data; boundary=b" },
  }) as RequestInit;

/** A form whose reader may leave in the middle: Node's own forms do not take that well. */
function streamed(files: [string, string][], ...others: string[]): RequestInit {
  const chunks = [...files.map(part), ...others, "--b--\r\n"];
  return formOf(
    new ReadableStream({
      pull(controller) {
        const next = chunks.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(next));
      },
    }),
  );
}

const field = (name: string, text: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;

describe("photographs that are more than memory holds", () => {
  it("go to the store as they arrive, and are computed from there", async () => {
    const { post, images, calls } = withStore();
    const response = await post(files);
    expect(response.status).toBe(200);
    const body = await group(response);
    expect(body.images.map(({ id, sha256 }) => [id, sha256])).toEqual(
      files.map(([id], i) => [id, digests[i]]),
    );
    // Two stayed in memory, and were stored with the group.
    expect(images.puts.slice(0, 6)).toEqual(digests.slice(2));
    expect([...calls[0]!].sort()).toEqual(files.map(([, text]) => text).sort());
    expect((await group(await post(files))).cache).toBe("hit");
  });

  it("are stored one by one: the next is not read before", async () => {
    const { request, images } = withStore();
    const seen: number[] = [];
    const parts = files.map(part);
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          seen.push(images.puts.length);
          const next = parts.shift();
          controller.enqueue(new TextEncoder().encode(next ?? "--b--\r\n"));
          if (next === undefined) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const response = await request("/v1/groups", formOf(body));
    expect(response.status).toBe(200);
    // A part ends with the boundary of the next; the blocks that it is read in are 64 KiB.
    for (const [i, puts] of seen.entries()) expect(puts).toBeGreaterThanOrEqual(i - 4);
  });

  it("come once where they are sent twice", async () => {
    const { post, images } = withStore();
    const twice = [...files.slice(0, 4), ...files.slice(0, 4)];
    expect((await post(twice)).status).toBe(200);
    expect(images.puts.length).toBe(4);
  });

  it("stay where the form turns out bad", async () => {
    const { request } = withStore();
    const response = await request("/v1/groups", streamed(files, field("unknown", "x")));
    expect([response.status, (await problem(response)).code]).toEqual([400, "option_invalid"]);
    expect((await request(`/v1/images/${digests[7]}`)).status).toBe(200);
    expect((await request(`/v1/images/${digests[0]}`)).status).toBe(404);
  });

  it("are stored only if they are photographs", async () => {
    const { post, images } = withStore();
    const mixed: typeof files = [...files.slice(0, 3), ["notes", "x".repeat(70_000)]];
    const refused = await problem(await post(mixed));
    expect(refused.errors![0]!.pointer).toBe("#/images/3");
    const body = await group(await post(mixed, "?on_error=skip"));
    expect(body.skipped.map(({ id }) => id)).toEqual(["notes"]);
    expect(new Set(images.puts)).toEqual(new Set(digests.slice(0, 3)));
  });

  it("stay in memory when the store fails, as far as they fit", async () => {
    const { post, request, images } = withStore();
    images.fault = new CosalError("store_unavailable", "away", { retryAfter: 5 });
    expect((await post(files.slice(0, 4))).status).toBe(200);
    const response = await request("/v1/groups", streamed(files));
    expect([response.status, (await problem(response)).code]).toEqual([503, "store_unavailable"]);
  });

  it("are refused where there is no store for them", async () => {
    const { post, request } = setUp({ limits });
    expect((await post(files.slice(0, 4))).status).toBe(200);
    const found = await problem(await request("/v1/groups", streamed(files)));
    expect([found.code, found.limit!.limit]).toEqual(["body_too_large", 300_000]);
    const told = await (await request("/v1/limits")).json();
    expect(told).toMatchObject({ body_bytes: FAKE_LIMITS.bodyBytes, json_bytes: 300_000 });
  });

  it("are what memory is for: options are limited by it, as JSON is", async () => {
    const { request } = withStore();
    const options = field("options", " ".repeat(200_000));
    const refused = await request("/v1/groups", streamed(files, options));
    expect((await problem(refused)).code).toBe("body_too_large");
    const json = await request("/v1/groups", {
      ...{ method: "POST", body: " ".repeat(300_001) },
      headers: { "content-type": "application/json" },
    });
    expect((await problem(json)).limit!.limit).toBe(300_000);
  });

  it("by URL are fetched only as far as there is memory", async () => {
    const images = new PersistentImageStore();
    const plain = memoryStores();
    let reading = 0;
    let most = 0;
    const fetch = async (url: string) => {
      const [, text] = files[Number(url.at(-1))]!;
      let isBegun = false;
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            if (!isBegun) most = Math.max(most, ++reading);
            isBegun = true;
            await new Promise((resolve) => setTimeout(resolve, 5));
            controller.enqueue(new TextEncoder().encode(text));
            controller.close();
            reading--;
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, {
        headers: { "content-type": "image/jpeg", "content-length": String(text.length) },
      });
    };
    const { postJson } = setUp({
      limits: { ...limits, imageBytes: 100_000 },
      stores: (tenant) => ({ ...plain(tenant), images }),
      urls: { hosts: ["photos.example.com"], fetch: fetch as typeof globalThis.fetch },
    });
    const request = files.map((_, i) => ({ url: `https://photos.example.com/${i}` }));
    expect((await postJson({ images: request })).status).toBe(200);
    expect(most).toBe(2);
  });
});
