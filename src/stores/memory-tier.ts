import { LRUCache } from "lru-cache";
import type { Stored, Tier } from "./tier.ts";

/**
 * This process's memory: what was used longest ago goes first.
 *
 * @param bytes of all values together
 * @param longest how long a value may stay, in milliseconds: nobody else can tell this process that
 * something was deleted
 */
export function memoryTier({
  bytes,
  longest,
  now = Date.now,
}: {
  readonly bytes: number;
  readonly longest: number;
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
      kept.set(key, { bytes, expires: Math.min(expires, now() + longest) });
    },
    async forget(prefix) {
      for (const key of kept.keys()) if (key.startsWith(prefix)) kept.delete(key);
    },
  };
}
