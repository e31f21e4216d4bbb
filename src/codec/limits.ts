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
 * and 14 to files and results. A JPEG takes 4.25 bytes per pixel (see `header/`), so 15 megapixels
 * fit: a 12-megapixel phone photograph passes, in AVIF only 2.4 megapixels do.
 */
export const WORKER_DECODER_HEAP = 64 * MEBIBYTE;

/** The same where memory is not scarce: 900 megapixels are refused still, 200 as JPEG pass. */
export const NODE_DECODER_HEAP = 1024 * MEBIBYTE;

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
  /** Bytes of the file, which the decoder copies into its heap. */
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
