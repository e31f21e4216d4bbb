import { LRUCache } from "lru-cache";
import type { Stored, Tier } from "./tier.ts";

/**
 * Values in this process's memory. The least recently used values are evicted first.
 *
 * @param bytes maximum size of all values together
 * @param maxAge how long a value may stay, in milliseconds. It is bounded because deletions in other
 * processes do not reach this one
 */
export function memoryTier({
  bytes,
  maxAge,
  now = Date.now,
}: {
  readonly bytes: number;
  readonly maxAge: number;
  readonly now?: () => number;
}): Tier {
  const kept = new LRUCache<string, Stored>({
    maxSize: bytes,
    maxEntrySize: Math.ceil(bytes / 4),
    sizeCalculation: ({ bytes }, key) => bytes.byteLength + key.length,
  });
  const live = (key: string) => {
    const value = kept.get(key);
    if (value === undefined || now() < value.expires) return value;
    kept.delete(key);
    return undefined;
  };
  return {
    name: "memory",
    get: async (key) => live(key),
    has: async (key) => live(key) !== undefined,
    async put(key, { bytes, expires }) {
      kept.set(key, { bytes, expires: Math.min(expires, now() + maxAge) });
    },
    async forget(prefix) {
      for (const key of kept.keys()) if (key.startsWith(prefix)) kept.delete(key);
    },
  };
}
