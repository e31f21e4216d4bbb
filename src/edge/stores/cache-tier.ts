import type { Stored, Tier } from "../../stores/tier.ts";

/** Keys of the Cache API are URLs; `.internal` is reserved, so this one leads nowhere. */
const ORIGIN = "https://cosal.internal";

const EXPIRES = "cosal-expires";
const LENGTH = "cosal-length";

/**
 * The Cache API of this data centre. On a workers.dev address it keeps nothing.
 *
 * @param longest how long a value may stay, in milliseconds: other data centres cannot be told that
 * something was deleted
 */
export function cacheTier(
  caches: CacheStorage,
  longest: number,
  now: () => number = Date.now,
): Tier {
  // Opened by each request for itself: a promise of one that is dropped is never settled.
  const open = () => caches.open("cosal");
  const url = (key: string) => `${ORIGIN}/${key}`;

  async function get(key: string): Promise<Stored | undefined> {
    const response = await (await open()).match(url(key));
    if (response === undefined) return undefined;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const expires = Number(response.headers.get(EXPIRES));
    const isWhole = bytes.length === Number(response.headers.get(LENGTH));
    return isWhole && now() < expires ? { bytes, expires } : undefined;
  }

  return {
    name: "cache",
    get,
    async has(key) {
      // One byte is enough to know, of what may have a megabyte.
      const request = new Request(url(key), { headers: { range: "bytes=0-0" } });
      const response = await (await open()).match(request);
      await response?.arrayBuffer();
      return response !== undefined && now() < Number(response.headers.get(EXPIRES));
    },
    async put(key, value) {
      const expires = Math.min(value.expires, now() + longest);
      const seconds = Math.floor((expires - now()) / 1000);
      if (seconds < 1) return;
      const headers = {
        "cache-control": `public, max-age=${seconds}`,
        "content-type": "application/octet-stream",
        [EXPIRES]: String(expires),
        [LENGTH]: String(value.bytes.length),
      };
      await (await open()).put(url(key), new Response(value.bytes, { headers }));
    },
    async forget(_, keys) {
      const cache = await open();
      await Promise.all(keys.map((key) => cache.delete(url(key))));
    },
  };
}
