import { CosalError } from "../errors.ts";

const MEBIBYTE = 1024 * 1024;

/**
 * Bytes of one file. A 12-megapixel phone photograph has 2 to 6 MB, a 16-megapixel one at the
 * highest quality about 12 MB. The file lies in the isolate once as sent, and once in the decoder.
 */
export const MAX_BYTES = 16 * MEBIBYTE;

/** Pixels of the longer side: WebP's own limit, and a bound on tables that have an entry per row. */
export const MAX_SIDE = 16_383;

/** Pixels of the shorter side. Below this nothing is left that could be told from its background. */
export const MIN_SIDE = 8;

/**
 * What a decoder's heap may grow to in a Worker: of an isolate's 128 MB, about 50 go to the network
 * and up to 45 to the features of 64 photographs. What then fits, by the bytes per pixel in
 * `header/`, beside a file of some megabytes:
 *
 *   JPEG   1/16   decoded at reduced scale: sides of `MAX_SIDE` and files of `MAX_BYTES` are the
 *                 limit; a 12-megapixel photograph takes 3 MB beside its file
 *   JPEG   3      progressive, all of whose coefficients are kept: 6 megapixels
 *   PNG    8      RGBA: 3 megapixels; RGB and grey more
 *   WebP   5      lossy: 6 megapixels; lossless, at 11 bytes, 2.5
 *   AVIF   27     1.1 megapixels
 */
export const WORKER_DECODER_HEAP = 32 * MEBIBYTE;

/** The same where memory is not scarce: 38 megapixels as AVIF pass, 110 as PNG. */
export const NODE_DECODER_HEAP = 1024 * MEBIBYTE;

/**
 * What the WebP encoder's heap may grow to in a Worker, while it writes a cut-out: 1.3 megapixels
 * at 32 bytes each. Masks have a writer of their own, without a heap.
 */
export const WORKER_ENCODER_HEAP = 40 * MEBIBYTE;

/** The same where memory is not scarce: 33 megapixels. */
export const NODE_ENCODER_HEAP = 1024 * MEBIBYTE;

/** @throws CosalError image_too_large */
export function checkBytes(bytes: Uint8Array): void {
  if (bytes.byteLength > MAX_BYTES) {
    throw new CosalError(
      "image_too_large",
      `The file has ${bytes.byteLength} bytes; at most ${MAX_BYTES} are taken.`,
      { limit: { name: "bytes", limit: MAX_BYTES, actual: bytes.byteLength } },
    );
  }
}

export interface SizeToCheck {
  readonly width: number;
  readonly height: number;
  /** Bytes of the file, which the decoder copies into its heap, and whatever else does not grow. */
  readonly bytes: number;
  /** Heap that the decoder takes for each pixel. */
  readonly bytesPerPixel: number;
}

/** @throws CosalError image_too_small, image_too_many_pixels */
export function checkSize(image: SizeToCheck, decoderHeap: number): void {
  const { width, height } = image;
  const size = `The image is ${width} x ${height} pixels`;
  const shorter = Math.min(width, height);
  if (shorter < MIN_SIDE) {
    throw new CosalError("image_too_small", `${size}; each side needs at least ${MIN_SIDE}.`, {
      limit: { name: "minimum side in pixels", limit: MIN_SIDE, actual: shorter },
    });
  }
  const longer = Math.max(width, height);
  if (longer > MAX_SIDE) {
    throw new CosalError("image_too_many_pixels", `${size}; a side may have ${MAX_SIDE}.`, {
      limit: { name: "side in pixels", limit: MAX_SIDE, actual: longer },
    });
  }
  const pixels = width * height;
  const limit = Math.max(0, Math.floor((decoderHeap - image.bytes) / image.bytesPerPixel));
  if (pixels > limit) {
    throw new CosalError(
      "image_too_many_pixels",
      `${size}, ${pixels} in all; at most ${limit} are taken of a file of this kind.`,
      { limit: { name: "pixels", limit, actual: pixels } },
    );
  }
}
