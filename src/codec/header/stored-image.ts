import type { ImageKind, Orientation } from "../types.ts";

/** A part of an image, in pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An image as stored in the file, and how to show its pixels. */
export interface StoredImage {
  readonly kind: ImageKind;
  readonly width: number;
  readonly height: number;
  /** The part that is shown; all of it where it is missing. */
  readonly crop?: Rectangle | undefined;
  /** Orientation of the shown part. */
  readonly orientation: Orientation;
  /** Bytes for the decoder instead of the file, if it cannot read the file as it is. */
  readonly file?: Uint8Array | undefined;
  /** Where the decoded pixels lie on the image, which is transparent elsewhere. */
  readonly place?: Rectangle | undefined;
  /** Heap bytes per pixel of this file, if they are fewer than for its kind. */
  readonly bytesPerPixel?: number;
  /** Scans of a progressive JPEG. */
  readonly scans?: number;
  /** Number of blocks of 8 x 8 pixels in all scans of a JPEG. */
  readonly scannedBlocks?: number;
}
