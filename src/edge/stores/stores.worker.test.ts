import { env } from "cloudflare:workers";
import type { R2Bucket } from "@cloudflare/workers-types";
import { beforeEach, describe, expect, it } from "vitest";
import { silent } from "../../app/index.ts";
import type { GroupResult, Stores } from "../../group/index.ts";
import { Keys } from "../../stores/keys.ts";
import { RETENTION } from "../../stores/retention.ts";
import { edgeStores } from "./stores.ts";

const { BUCKET } = env as { BUCKET: R2Bucket };
const MODEL = "e".repeat(64);
const record = Uint8Array.from([1, 2, 3]);

let now = Date.now();
let tests = 0;
let digest: (text: string) => string;

beforeEach(() => {
  now = Date.now();
  const prefix = (++tests).toString(16);
  digest = (text) => `${prefix}${text}`.padEnd(64, "0");
});

/** Each call is another isolate: its memory is empty. */
function isolate({ bucket = true, caches: cache = caches }: Options = {}) {
  const under: Promise<unknown>[] = [];
  const stores = edgeStores({
    caches: cache,
    ...(bucket && { bucket: BUCKET }),
    retention: RETENTION,
    models: async () => [{ digest: MODEL }],
    waitUntil: (promise) => under.push(promise),
    log: silent,
    now: () => now,
  });
  return { stores, settled: () => Promise.all(under) };
}

interface Options {
  bucket?: boolean;
  caches?: CacheStorage;
}

/** Another data centre: nothing is in its cache. */
function elsewhere(): CacheStorage {
  const name = `cosal-elsewhere-${crypto.randomUUID()}`;
  return { open: () => caches.open(name) } as unknown as CacheStorage;
}

function result(id: string): GroupResult {
  const image = {
    sha256: digest("a"),
    width: 2,
    height: 1,
    coverage: 0.5,
    box: null,
    presence: 1,
  };
  return {
    id,
    model: { name: "m", digest: MODEL },
    backend: "wasm",
    common: 1,
    images: [image],
    skipped: [],
    notices: [],
  };
}

async function keep({ groups }: Stores, id: string): Promise<void> {
  await groups.putMask(id, digest("a"), record);
  await groups.putConsensus(id, record);
  await groups.putResult(result(id));
}

describe.each([
  ["with a bucket", true],
  ["without one", false],
])("the stores of the edge, %s", (_, bucket) => {
  it("give back what was put, and nothing else, in this isolate and in the next", async () => {
    const id = digest("one");
    const first = isolate({ bucket });
    await keep(first.stores(""), id);
    await first.settled();
    for (const { stores } of [first, isolate({ bucket })]) {
      const { groups } = stores("");
      expect(await groups.result(id)).toEqual(result(id));
      expect(await groups.mask(id, digest("a"))).toEqual(record);
      expect(await groups.consensus(id)).toEqual(record);
      expect(await groups.result(digest("other"))).toBeUndefined();
      expect(await groups.mask(id, digest("b"))).toBeUndefined();
    }
  });

  it("show no tenant what another has", async () => {
    const { stores } = isolate({ bucket });
    const id = digest("tenants");
    await keep(stores("a"), id);
    await stores("a").images.put(digest("a"), record);
    await stores("a").features.put(`${MODEL}/${digest("a")}`, record);
    for (const tenant of ["", "b", "a/", "A", "../a"]) {
      const { groups, images, features } = stores(tenant);
      expect(await groups.result(id)).toBeUndefined();
      expect(await groups.mask(id, digest("a"))).toBeUndefined();
      expect((await images.has([digest("a")])).size).toBe(0);
      expect(await features.get(`${MODEL}/${digest("a")}`)).toBeUndefined();
      expect(await groups.delete(id)).toBe(false);
    }
    expect(await stores("a").groups.result(id)).toBeDefined();
  });

  it("keep photographs for a day and results for thirty", async () => {
    const id = digest("retention");
    const image = digest("a");
    const writer = isolate({ bucket });
    await keep(writer.stores(""), id);
    await writer.stores("").images.put(image, record);
    await writer.stores("").features.put(`${MODEL}/${image}`, record);
    await writer.settled();
    const begin = now;
    for (const [after, hasImage, hasResult] of [
      [RETENTION.inputs - 60_000, true, true],
      [RETENTION.inputs + 60_000, false, true],
      [RETENTION.results - 60_000, false, true],
      [RETENTION.results + 60_000, false, false],
    ] as const) {
      now = begin + after;
      for (const { stores } of [writer, isolate({ bucket })]) {
        const { groups, images, features } = stores("");
        expect((await images.get(image)) !== undefined).toBe(hasImage);
        expect((await images.has([image])).size).toBe(hasImage ? 1 : 0);
        expect((await features.get(`${MODEL}/${image}`)) !== undefined).toBe(hasImage);
        expect((await groups.result(id)) !== undefined).toBe(hasResult);
        expect((await groups.mask(id, image)) !== undefined).toBe(hasResult);
      }
    }
  });

  it("forget a group and a photograph wherever they are", async () => {
    const [id, image] = [digest("deleted"), digest("a")];
    const first = isolate({ bucket });
    await keep(first.stores(""), id);
    await first.stores("").images.put(image, record);
    await first.stores("").features.put(`${MODEL}/${image}`, record);
    await first.settled();
    expect(await first.stores("").groups.delete(id)).toBe(true);
    expect(await first.stores("").images.delete(image)).toBe(true);
    await first.stores("").features.deleteImage(image);
    for (const { stores } of [first, isolate({ bucket })]) {
      const { groups, images, features } = stores("");
      expect(await groups.result(id)).toBeUndefined();
      expect(await groups.mask(id, image)).toBeUndefined();
      expect(await groups.consensus(id)).toBeUndefined();
      expect(await images.get(image)).toBeUndefined();
      expect(await features.get(`${MODEL}/${image}`)).toBeUndefined();
      expect(await groups.delete(id)).toBe(false);
      expect(await images.delete(image)).toBe(false);
    }
    expect((await BUCKET.list({ prefix: new Keys("").group(id) })).objects).toEqual([]);
  });
});

describe("the bucket", () => {
  it("serves other data centres, each of which then has a copy of its own", async () => {
    const id = digest("global");
    const writer = isolate();
    await keep(writer.stores(""), id);
    await writer.settled();
    const cache = elsewhere();
    const reader = isolate({ caches: cache });
    expect(await reader.stores("").groups.result(id)).toEqual(result(id));
    await reader.settled();
    const nearby = isolate({ caches: cache, bucket: false });
    expect(await nearby.stores("").groups.result(id)).toEqual(result(id));
    // A copy that nobody can be told to delete is kept for an hour.
    now += 3_700_000;
    expect(await nearby.stores("").groups.result(id)).toBeUndefined();
    expect(await reader.stores("").groups.result(id)).toEqual(result(id));
  });

  it("is not read for features of another model or other code", async () => {
    const { stores, settled } = isolate();
    const { features } = stores("");
    await features.put(`${MODEL}/${digest("a")}`, record);
    await settled();
    const { objects } = await BUCKET.list({ prefix: new Keys("").featuresOf(digest("a")) });
    expect(objects.map(({ key }) => key)).toEqual([new Keys("").features(digest("a"), MODEL)]);
    expect(await features.get(`${"f".repeat(64)}/${digest("a")}`)).toBeUndefined();
  });

  it("may fail: what is nearer answers, and nothing that it may have counts as gone", async () => {
    const state = { isDown: true };
    const bucket = new Proxy(BUCKET, {
      get(target, name) {
        if (state.isDown) return () => Promise.reject(new Error("R2 is down"));
        const method = Reflect.get(target, name);
        return typeof method === "function" ? method.bind(target) : method;
      },
    });
    const under: Promise<unknown>[] = [];
    const log: string[] = [];
    const isolate = (cache: CacheStorage) =>
      edgeStores({
        caches: cache,
        bucket,
        retention: RETENTION,
        models: async () => [],
        waitUntil: (promise) => under.push(promise),
        log: ({ tier, what }) => log.push(`${tier} ${what}`),
      })("");
    const stores = isolate(caches);
    const id = digest("failing");
    const image = digest("a");
    const unavailable = { code: "store_unavailable", retryAfter: expect.any(Number) };
    await expect(stores.groups.result(id)).rejects.toMatchObject(unavailable);
    await keep(stores, id);
    await Promise.all(under);
    expect(await stores.groups.result(id)).toEqual(result(id));
    expect(await stores.groups.isComplete(result(id))).toBe(true);
    await expect(stores.images.put(image, record)).rejects.toMatchObject(unavailable);
    // One after the other: all of these in one isolate that knows nothing.
    const { groups, images, features } = isolate(elsewhere());
    for (const ask of [
      () => groups.result(id),
      () => groups.isComplete(result(id)),
      () => groups.mask(id, image),
      () => groups.consensus(id),
      () => groups.delete(id),
      () => images.get(image),
      () => images.has([image]),
      () => images.delete(image),
      () => features.deleteImage(image),
    ]) {
      await expect(ask()).rejects.toMatchObject(unavailable);
    }
    // These can be computed anew.
    expect(await features.get(`${MODEL}/${image}`)).toBeUndefined();
    expect(await features.has(`${MODEL}/${image}`)).toBe(false);
    expect(log).toContain("bucket get");
    state.isDown = false;
    expect(await groups.delete(id)).toBe(false);
    expect(await images.has([image])).toEqual(new Set());
  });
});

it("photographs come as streams out of the bucket, as long as they are kept", async () => {
  const { images } = isolate().stores("");
  const image = digest("a");
  await images.put(image, record);
  expect(await new Response(await images.stream?.(image)).bytes()).toEqual(record);
  expect(await images.stream?.(digest("b"))).toBeUndefined();
  now += RETENTION.inputs + 60_000;
  expect(await images.stream?.(image)).toBeUndefined();
  expect(isolate({ bucket: false }).stores("").images.stream).toBeUndefined();
});
