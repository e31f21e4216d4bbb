import type { Orientation } from "../types.ts";

/** Size as stored in the file, and how to turn it upright. */
export interface StoredImage {
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** Heap bytes that the decoder of this kind takes for each pixel, beside the file; measured. */
  readonly bytesPerPixel: number;
  /** Heap bytes that it takes at most for what does not grow with the pixels. */
  readonly fixedBytes?: number;
}
