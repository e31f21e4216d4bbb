import type { FeatureCache } from "./types.ts";

/**
 * Caches features in memory, up to `bytes` in total, evicting the least recently used. An image of
 * cosal-lite takes 0.7 MB.
 */
export function memoryFeatureCache(bytes: number): FeatureCache {
  // A Map keeps insertion order: the first entry is the least recently used.
  const kept = new Map<string, Uint8Array>();
  let total = 0;

  function drop(key: string): void {
    total -= kept.get(key)?.byteLength ?? 0;
    kept.delete(key);
  }

  return {
    async get(key) {
      const value = kept.get(key);
      if (value) {
        kept.delete(key);
        kept.set(key, value);
      }
      return value;
    },
    async put(key, value) {
      drop(key);
      if (value.byteLength > bytes) return;
      kept.set(key, value);
      total += value.byteLength;
      for (const oldest of kept.keys()) {
        if (total <= bytes) break;
        drop(oldest);
      }
    },
  };
}
