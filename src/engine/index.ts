export type { Graph, GraphName, Manifest } from "./manifest.ts";
export { parseManifest } from "./manifest.ts";
export type {
  Box,
  Consensus,
  ImageInput,
  ImageMask,
  ModelFiles,
  SegmentEvent,
  Segmenter,
  SegmentOptions,
} from "./types.ts";
