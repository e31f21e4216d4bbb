export { createDecoder, type DecoderModules } from "./decoder.ts";
export { fromHalves, toHalves } from "./float16.ts";
export { encodeGreyPng } from "./grey-png.ts";
export { readHeader } from "./header/index.ts";
export {
  IMAGE_KINDS,
  MAX_BYTES,
  MAX_SIDE,
  MIN_SIDE,
  NODE_DECODER_HEAP,
  pixelLimits,
  WORKER_DECODER_HEAP,
} from "./limits.ts";
export { type Box, type Logits, type MaskMeasures, maskRows, measureMask } from "./mask.ts";
export * from "./output/index.ts";
export type {
  DecodedElsewhere,
  Decoder,
  ImageHeader,
  ImageKind,
  ImageType,
  InputFormat,
  Orientation,
  Pixels,
} from "./types.ts";
