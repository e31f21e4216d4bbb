export {
  batchBody,
  batchPath,
  encodeResults,
  resultBody,
  resultsKey,
  variantOf,
} from "./body.ts";
export { batchId, fingerprintOf } from "./identity.ts";
export { type LocalBatches, localBatches } from "./local-batches.ts";
export { MachineTime } from "./machine-time.ts";
export { fingerprinted, listManifest, readManifest } from "./manifest.ts";
export { memoryBatchStorage } from "./memory-storage.ts";
export { Rate } from "./rate.ts";
export { requireStored, type StoredLine } from "./stored-lines.ts";
export type * from "./types.ts";
export { givenUp, isPassing, MAX_UNIT_ATTEMPTS, problemFor } from "./unit-runner.ts";
export { workUnits } from "./work-units.ts";
