import type { ImageKind, Orientation } from "../types.ts";

/** A part of an image, in pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Size as stored in the file, and what is to be done with the pixels to show the image. */
export interface StoredImage {
  readonly kind: ImageKind;
  readonly width: number;
  readonly height: number;
  /** The part that is shown; all of it where it is missing. */
  readonly crop?: Rectangle | undefined;
  /** How to turn what is shown upright. */
  readonly orientation: Orientation;
  /** What the decoder is given in place of the file, where it would not read that. */
  readonly file?: Uint8Array | undefined;
  /** Where the decoded pixels lie on the image, which is transparent elsewhere. */
  readonly place?: Rectangle | undefined;
  /** Heap bytes that this file takes for each pixel, where it is less than its kind's. */
  readonly bytesPerPixel?: number;
  /** Scans of a progressive JPEG. */
  readonly scans?: number;
  /** Blocks of 8 x 8 pixels that the scans of a JPEG go through, all together. */
  readonly scannedBlocks?: number;
}
