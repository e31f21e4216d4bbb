import type { FeatureCache } from "../../engine/index.ts";

/**
 * Features as blobs. Browsers keep blobs outside the page's heap, and move them to disk if there are many.
 * cosal-lite has 0.4 MB of features per photograph, so hundreds would fill a phone's memory.
 */
export function featureBlobs(): FeatureCache {
  const kept = new Map<string, Blob>();
  return {
    get: async (key) => kept.get(key)?.bytes(),
    async put(key, bytes) {
      kept.set(key, new Blob([bytes as Uint8Array<ArrayBuffer>]));
    },
  };
}
