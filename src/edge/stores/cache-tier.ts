import type { Stored, Tier } from "../../stores/tier.ts";

/** Keys of the Cache API are URLs. `.internal` is a reserved domain, so this URL leads nowhere. */
const ORIGIN = "https://cosal.internal";

const EXPIRES = "cosal-expires";
const LENGTH = "cosal-length";

/**
 * The Cache API of this data centre. It stores nothing on a workers.dev address.
 *
 * @param maxAge how long a value may stay, in milliseconds. It is bounded because a deletion does
 * not reach the caches of other data centres
 */
export function cacheTier(
  caches: CacheStorage,
  maxAge: number,
  now: () => number = Date.now,
): Tier {
  // Each request opens the cache itself: the promises of a dropped request never settle.
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
      // A value can have a megabyte; one byte of it shows that it is there.
      const request = new Request(url(key), { headers: { range: "bytes=0-0" } });
      const response = await (await open()).match(request);
      await response?.arrayBuffer();
      return response !== undefined && now() < Number(response.headers.get(EXPIRES));
    },
    async put(key, value) {
      const expires = Math.min(value.expires, now() + maxAge);
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
