import type { ImageKind } from "../limits.ts";
import type { Orientation } from "../types.ts";

/** Size as stored in the file, and how to turn it upright. */
export interface StoredImage {
  readonly kind: ImageKind;
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** Heap bytes that this file takes for each pixel, where it is less than its kind's. */
  readonly bytesPerPixel?: number;
  /** Blocks of 8 x 8 pixels that the scans of a JPEG go through, all together. */
  readonly scannedBlocks?: number;
}
