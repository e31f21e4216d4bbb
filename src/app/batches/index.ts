export {
  batchBody,
  batchPath,
  encodeResults,
  resultBody,
  resultsKey,
  variantOf,
} from "./body.ts";
export { type LocalBatches, localBatches } from "./local-batches.ts";
export { listManifest, readManifest } from "./manifest.ts";
export { memoryBatchStorage } from "./memory-storage.ts";
export { requireStored, type StoredLine } from "./stored-lines.ts";
export type * from "./types.ts";
export { workUnits } from "./work-units.ts";
