export type { Box, Logits } from "../codec/index.ts";
export {
  decodeConsensus,
  encodeConsensus,
  MAX_CONSENSUS_BYTES,
  requireShape,
} from "./consensus-file.ts";
export { memoryFeatureCache } from "./feature-cache.ts";
export { FeatureFormat } from "./features.ts";
export { type LikenessMap, likenessMap } from "./likeness.ts";
export { type Graph, type GraphName, type Manifest, parseManifest } from "./manifest.ts";
export { describeModel, type ModelDescription } from "./model.ts";
export type { Runtime, Session, Tensor, Tensors } from "./runtime/runtime.ts";
export { reduceSeedMask, seedGrid } from "./seeds.ts";
export { createSegmenter, MAX_GROUP, type SegmenterParts } from "./segmenter.ts";
export type {
  Consensus,
  Detail,
  FeatureCache,
  ImageInput,
  ImageMask,
  ModelFiles,
  Seed,
  SeedMark,
  SeedMask,
  SegmentEvent,
  Segmenter,
  SegmentOptions,
} from "./types.ts";
