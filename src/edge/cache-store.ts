import type { GroupResult, GroupStore } from "../group/index.ts";

/** Results never change; the cache may still drop them at any time. */
const KEEP = "public, max-age=31536000, immutable";

/** Keys of the Cache API are URLs; `.internal` is reserved, so this one leads nowhere. */
const ORIGIN = "https://cosal.internal";

/**
 * Groups in the Cache API of the data centre. A Worker on a workers.dev address has a Cache API
 * that keeps nothing: there each request is computed, and masks come only inline.
 */
export class CacheStore implements Pick<GroupStore, "result" | "mask" | "putMask" | "putResult"> {
  readonly #caches: CacheStorage;

  constructor(caches: CacheStorage) {
    this.#caches = caches;
  }

  async result(group: string): Promise<GroupResult | undefined> {
    const response = await (await this.#open()).match(resultKey(group));
    return response?.json() as Promise<GroupResult> | undefined;
  }

  async mask(group: string, image: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const cache = await this.#open();
    const response = await cache.match(maskKey(group, image));
    if (response !== undefined) return new Uint8Array(await response.arrayBuffer());
    await cache.delete(resultKey(group));
    return undefined;
  }

  async putMask(group: string, image: string, png: Uint8Array<ArrayBuffer>): Promise<void> {
    await (await this.#open()).put(maskKey(group, image), kept(png, "image/png"));
  }

  async putResult(result: GroupResult): Promise<void> {
    const json = JSON.stringify(result);
    await (await this.#open()).put(resultKey(result.id), kept(json, "application/json"));
  }

  /** Opened by each request for itself: a promise of one that is dropped is never settled. */
  #open(): Promise<Cache> {
    return this.#caches.open("cosal-groups");
  }
}

function resultKey(group: string): string {
  return `${ORIGIN}/groups/${group}`;
}

function maskKey(group: string, image: string): string {
  return `${resultKey(group)}/masks/${image}`;
}

function kept(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { "content-type": type, "cache-control": KEEP } });
}
