import { describe, expect, it } from "vitest";
import type { GroupResult } from "../group/index.ts";
import { CacheStore } from "./cache-store.ts";

const png = Uint8Array.from([1, 2, 3]);

function result(id: string): GroupResult {
  const image = { sha256: "a", width: 2, height: 1, coverage: 0.5, box: null, presence: 1 };
  const rest = { common: 1, skipped: [], notices: [] };
  return { id, model: { name: "m", digest: "d" }, backend: "wasm", images: [image], ...rest };
}

describe("the store on the Cache API", () => {
  it("gives back what was put, and nothing else", async () => {
    const store = new CacheStore(caches);
    await store.putMask("one", "a", png);
    await store.putResult(result("one"));
    expect(await store.result("one")).toEqual(result("one"));
    expect(await store.mask("one", "a")).toEqual(png);
    expect(await store.result("other")).toBeUndefined();
    expect(await store.mask("other", "a")).toBeUndefined();
  });

  it("forgets a group one of whose masks is gone", async () => {
    const store = new CacheStore(caches);
    await store.putResult(result("two"));
    expect(await store.result("two")).toBeDefined();
    expect(await store.mask("two", "a")).toBeUndefined();
    expect(await store.result("two")).toBeUndefined();
  });
});
