import { afterEach, describe, expect, it, vi } from "vitest";
import { problem, setUp } from "../../../test/app-client.ts";
import { FAKE_LIMITS, fakeHost } from "../../../test/fakes.ts";
import { form } from "../../../test/forms.ts";
import { type AppDependencies, createApp } from "../index.ts";

afterEach(() => {
  vi.useRealTimers();
});

const MEBIBYTE = 2 ** 20;
const PIECE = 256 * 1024;
/** Photographs of 3000 x 8 pixels: see `fakeDecoder`. */
const FILES = Array.from(
  { length: 8 },
  (_, i) => [`${i}.jpg`, `image ${i}`.padEnd(3000)] as [string, string],
);

/** Bytes that a cut-out of one is expected to have before it is made. */
const EXPECTED = 4 * 3000 * 8;

/** An app whose files have so many bytes each, and how many of them it has made. */
function setUpFiles(changes: Partial<AppDependencies> = {}, size = MEBIBYTE) {
  const made = { files: 0 };
  const { dependencies, log } = fakeHost({
    render: async () => {
      made.files++;
      return new Uint8Array(size);
    },
    addressOf: (request) => request.headers.get("x-address") ?? "",
    ...changes,
  });
  const app = createApp(dependencies);
  const ask = async (accept: string, address = "", query = "?output=cutout") => {
    const headers = { accept, "x-address": address };
    const init = { method: "POST", body: form(FILES), headers };
    return await app.request(`/v1/groups${query}`, init);
  };
  return { app, ask, made, log };
}

/** The consensus' part, and the head of the first file's, where that is made. */
async function takeSome(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  for (let piece = 0; piece < 4; piece++) await reader.read();
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 50));

describe.each(["application/zip", "multipart/mixed"])("%s", (accept) => {
  it("has its next file made when the last has been taken", async () => {
    const { app, ask, made } = setUpFiles();
    const response = await ask(accept);
    await soon();
    expect(made.files).toBeLessThanOrEqual(1);
    const reader = response.body!.getReader();
    let taken = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      expect(value.length).toBeLessThanOrEqual(PIECE);
      taken += value.length;
      if (taken % (3 * PIECE) < PIECE) await soon();
      expect(made.files).toBeLessThanOrEqual(Math.ceil(taken / MEBIBYTE) + 1);
    }
    expect(made.files).toBe(FILES.length);
    // The group was computed meanwhile: a slow reader holds up nobody.
    const group = response.headers.get("content-location")!;
    expect((await app.request(group)).status).toBe(200);
  });

  it("does not hold up the network, nor who else wants the group", async () => {
    const { app, ask, made } = setUpFiles();
    const response = await ask(accept);
    await expect
      .poll(async () => (await app.request(response.headers.get("content-location")!)).status)
      .toBe(200);
    expect(made.files).toBeLessThanOrEqual(1);
    await response.body!.cancel();
  });
});

describe("a caller whose readers take nothing", () => {
  it("gets no more files than they may hold, and others get theirs", async () => {
    const limits = { ...FAKE_LIMITS, memoryBytes: 2 * EXPECTED };
    const { ask, made } = setUpFiles({ limits }, EXPECTED);
    const begun: ReadableStreamDefaultReader[] = [];
    for (let i = 0; i < 6; i++) {
      const reader = (await ask("multipart/mixed", "192.0.2.1")).body!.getReader();
      begun.push(reader);
      void takeSome(reader);
      await soon();
    }
    await soon();
    expect(made.files).toBe(2);
    const other = await ask("multipart/mixed", "192.0.2.2");
    expect((await other.bytes()).length).toBeGreaterThan(8 * EXPECTED);
    expect(made.files).toBe(2 + 8);
    await begun[0]!.cancel();
    await expect.poll(() => made.files).toBe(2 + 8 + 1);
    for (const reader of begun) await reader.cancel();
    const again = await ask("multipart/mixed", "192.0.2.1");
    expect((await again.bytes()).length).toBeGreaterThan(8 * EXPECTED);
  });

  it("is cut off after a minute", async () => {
    const signals: AbortSignal[] = [];
    const { ask } = setUpFiles({
      render: async (_, { signal }) => {
        signals.push(signal);
        return new Uint8Array(MEBIBYTE);
      },
    });
    const response = await ask("application/zip");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reader = response.body!.getReader();
    await reader.read();
    await vi.advanceTimersByTimeAsync(59_000);
    await reader.read();
    await vi.advanceTimersByTimeAsync(61_000);
    await expect(reader.read()).rejects.toThrow("read nothing");
    expect(signals[0]?.aborted).toBe(true);
  });
});

describe("photographs of responses that nobody takes", () => {
  it("fill half of the memory at most, and others get theirs", async () => {
    const bytes = FILES.reduce((sum, [, text]) => sum + text.length, 0);
    const limits = { ...FAKE_LIMITS, sharedMemoryBytes: 6 * bytes };
    const { ask } = setUpFiles({ limits }, EXPECTED);
    const begun: Response[] = [];
    for (let i = 0; i < 3; i++) begun.push(await ask("application/zip", "192.0.2.1"));
    expect(begun.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await ask("application/zip", "192.0.2.1");
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await problem(refused)).toMatchObject({ status: 503, code: "backend_unavailable" });
    const other = await ask("application/zip", "192.0.2.2");
    expect((await other.bytes()).length).toBeGreaterThan(8 * EXPECTED);
    await begun[0]!.body!.cancel();
    // A response that is sent at once, a refused request and one that has been read hold nothing.
    for (const accept of ["application/json", "application/json", "application/zip"]) {
      const again = await ask(accept, "192.0.2.1");
      expect(again.status).toBe(200);
      await again.bytes();
    }
    for (const { body } of begun.slice(1)) await body!.cancel();
  });

  it("are held by one that is alone, whatever it has", async () => {
    const { ask } = setUpFiles({ limits: { ...FAKE_LIMITS, sharedMemoryBytes: 10 } });
    for (let i = 0; i < 2; i++) expect((await ask("application/json")).status).toBe(200);
  });

  it("count no more when a request without a sign of life is two minutes old", async () => {
    const { ask } = setUpFiles({ limits: { ...FAKE_LIMITS, sharedMemoryBytes: 10 } });
    vi.useFakeTimers({ toFake: ["Date"] });
    await ask("application/zip");
    expect((await ask("application/json")).status).toBe(503);
    vi.advanceTimersByTime(121_000);
    expect((await ask("application/json")).status).toBe(200);
  });
});

describe("single files that nobody takes", () => {
  const WIDE = FILES.map(
    ([name], i) => [name, `image wide ${i}`.padEnd(9_000)] as [string, string],
  );
  const SIZE = 4 * 9_000 * 8;

  it("hold no more than a caller's readers may, and others get theirs", async () => {
    const backend = { images: 64, pixels: 1_000_000, totalPixels: 1_000_000 };
    const limits = {
      ...{ ...FAKE_LIMITS, memoryBytes: 2 * SIZE, renderedPixels: 1_000_000 },
      backends: { wasm: backend },
    };
    const { app, made } = setUpFiles({ limits, renditionBytes: 1000 }, SIZE);
    const sent = await app.request("/v1/groups", { method: "POST", body: form(WIDE) });
    expect(sent.status).toBe(200);
    const { images } = (await sent.json()) as { images: { mask: { url: string } }[] };
    const cutouts = images.map(({ mask }) => mask.url.replace("masks", "cutouts"));
    const get = async (i: number, address: string, method = "GET") =>
      app.request(cutouts[i]!, { method, headers: { "x-address": address } });
    const begun: Response[] = [];
    for (let i = 0; i < 6; i++) void get(i, "192.0.2.1").then((response) => begun.push(response));
    await soon();
    expect([begun.length, made.files]).toEqual([2, 2]);
    expect((await (await get(0, "192.0.2.2")).bytes()).length).toBe(SIZE);
    expect(made.files).toBe(3);
    // Taken, or left alone: either way the next one has room.
    expect((await begun[0]!.bytes()).length).toBe(SIZE);
    await expect.poll(() => begun.length).toBe(3);
    await begun[1]!.body!.cancel();
    await expect.poll(() => begun.length).toBe(4);
    for (let i = 2; i < 6; i++) {
      await expect.poll(() => begun.length).toBeGreaterThan(i);
      await begun[i]!.bytes();
    }
    // Nobody reads the body of an answer to HEAD.
    for (let i = 0; i < 4; i++) await get(i, "192.0.2.1", "HEAD");
    expect((await get(7, "192.0.2.1")).status).toBe(200);
  });
});

describe("files in JSON", () => {
  it("have a limit together", async () => {
    const render = async () => new Uint8Array(3 * MEBIBYTE);
    const { post } = setUp({ render });
    const some = await post(FILES.slice(0, 5), "?inline=masks");
    expect((await some.json()).images[0].mask.data).toHaveLength(4 * MEBIBYTE);
    const refused = await post(FILES, "?inline=masks");
    expect(refused.status).toBe(400);
    expect(await problem(refused)).toMatchObject({
      code: "option_invalid",
      limit: { name: "bytes", limit: 16 * MEBIBYTE },
    });
  });
});
