export { batchBody, batchPath, resultBody } from "./body.ts";
export { type LocalBatches, localBatches } from "./local-batches.ts";
export { readManifest } from "./manifest.ts";
export { memoryBatchStorage } from "./memory-storage.ts";
export { requireStored } from "./stored-lines.ts";
export type * from "./types.ts";
export { workUnits } from "./work-units.ts";
