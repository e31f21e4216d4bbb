import type { FeatureCache } from "../../engine/index.ts";

/**
 * Features as blobs: browsers keep these outside of the page's heap, and on disk when there are many.
 * Those of a photograph of cosal-lite take 0.4 MB, so hundreds would fill a phone's memory.
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
