import { LRUCache } from "lru-cache";
import type { Stored, Tier } from "./tier.ts";

/**
 * How long an isolate answers from its own memory before it asks again, in milliseconds: no other
 * isolate can be told that something was deleted.
 */
export const MEMORY_TIME = 60_000;

/**
 * This isolate's memory: what was used longest ago goes first.
 *
 * @param bytes of all values together
 */
export function memoryTier(bytes: number, now: () => number = Date.now): Tier {
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
      kept.set(key, { bytes, expires: Math.min(expires, now() + MEMORY_TIME) });
    },
    async forget(prefix) {
      for (const key of kept.keys()) if (key.startsWith(prefix)) kept.delete(key);
    },
  };
}
