export { componentsOf, dropSmallComponents, withoutComponents } from "./components.ts";
export { type CompositeOptions, cutout, overlay } from "./composite.ts";
export { binaryPng, maskPng, maskWebp } from "./mask-files.ts";
export type { MaskOptions, PausableOptions } from "./options.ts";
export type { Pause } from "./paced.ts";
export { maskPolygons, maskSvg } from "./polygons.ts";
export {
  atHalfPrecision,
  atModelSize,
  decodeLogits,
  encodeLogits,
  LOGITS_TYPE,
  type MaskRecord,
  recordSize,
} from "./record.ts";
export { type CocoRle, maskRle, maskRowRuns } from "./rle.ts";
export { asStored } from "./stored.ts";
export { type Backdrop, type Colour, fittedBackdrop } from "./studio/backdrop.ts";
export {
  type Extent,
  extentOf,
  type Layout,
  MAX_ENLARGEMENT,
  place,
  type Size,
} from "./studio/layout.ts";
export {
  MAX_CANVAS_SIDE,
  MIN_CANVAS_SIDE,
  parseCanvas,
  parseColour,
  parseMargin,
} from "./studio/notation.ts";
export { type StudioOptions, studio } from "./studio/studio.ts";
export type { WebpEncoder } from "./webp/encoder.ts";
