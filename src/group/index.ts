export type { GroupContents } from "./identity.ts";
export {
  canonicalForm,
  distinct,
  groupId,
  IDENTITY_VERSION,
  isDigest,
  sha256,
} from "./identity.ts";
export {
  MemoryFeatureStore,
  MemoryGroupStore,
  MemoryImageStore,
  memoryStores,
} from "./memory.ts";
export type { GroupOptions } from "./options.ts";
export { type ComputeOptions, optionsOf } from "./options.ts";
export type { GroupResult, ImageResult, Notice, SkippedImage } from "./result.ts";
export { MAX_COORDINATE, type SeedIdentity } from "./seeds.ts";
export {
  type FeatureStore,
  type GroupStore,
  type ImageStore,
  type Stores,
  type StoresOf,
  storeFull,
  storeUnavailable,
} from "./store.ts";
