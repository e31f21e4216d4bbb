import { CosalError } from "../errors.ts";
import { REDUCED_PIXELS, REDUCED_PROGRESSIVE_PIXELS } from "./scale.ts";
import type { ImageKind } from "./types.ts";

const MEBIBYTE = 1024 * 1024;

/**
 * Bytes of one file. A 12-megapixel phone photograph has 2 to 6 MB, a 16-megapixel one at the
 * highest quality about 12 MB. The isolate holds the file twice: as sent, and in the decoder.
 */
export const MAX_BYTES = 16 * MEBIBYTE;

/** Pixels of the longer side: WebP's own limit, and a bound on tables that have an entry per row. */
export const MAX_SIDE = 16_383;

/** Pixels of the shorter side. Below it, an object cannot be distinguished from its background. */
export const MIN_SIDE = 8;

interface KindOfImage {
  /** Name in messages. */
  readonly name: string;
  /** Measured maximum of heap bytes per pixel for files of this kind. */
  readonly bytesPerPixel: number;
  /** Heap bytes that do not depend on the number of pixels, without the file itself. */
  readonly fixedBytes: number;
  /** Maximum pixels because of the time they take, whatever the memory. */
  readonly mostPixels?: number;
}

/**
 * Pixels of a PNG, which take one to two seconds. A photograph of this size does not fit `MAX_BYTES`
 * as PNG, but an image of a single colour has a few kilobytes.
 */
const MOST_PIXELS_OF_PNG = 64_000_000;

/** RGBA of a JPEG that is reduced less than to an eighth, and its rows: under 40 bytes a column. */
const REDUCED_BYTES = 4 * REDUCED_PIXELS + 40 * MAX_SIDE;
/** The same of a progressive one: RGBA and 16-bit coefficients of up to four components. */
const REDUCED_PROGRESSIVE_BYTES = (4 + 2 * 4) * REDUCED_PROGRESSIVE_PIXELS;

export const IMAGE_KINDS: Readonly<Record<ImageKind, KindOfImage>> = {
  /** Decoded row by row at reduced scale; at an eighth, RGBA takes 1/16 byte for each pixel. */
  baseline_jpeg: { name: "baseline JPEG", bytesPerPixel: 4 / 64, fixedBytes: REDUCED_BYTES },
  /**
   * Or one whose components come one after the other. A bit for each of its coefficients, at most
   * four a pixel; at an eighth, RGBA and a 16-bit coefficient of each component.
   */
  progressive_jpeg: {
    name: "progressive JPEG",
    bytesPerPixel: 4 / 8 + (4 + 2 * 4) / 64,
    fixedBytes: REDUCED_PROGRESSIVE_BYTES,
  },
  /** Decoded row by row: two as stored, one as RGBA, and what inflates them. */
  png: {
    name: "PNG",
    bytesPerPixel: 0,
    fixedBytes: 20 * MAX_SIDE + 256 * 1024,
    mostPixels: MOST_PIXELS_OF_PNG,
  },
  /** All of it as RGBA, since the last pass still changes every second row. */
  interlaced_png: {
    name: "interlaced PNG",
    bytesPerPixel: 4,
    fixedBytes: 20 * MAX_SIDE + 256 * 1024,
    mostPixels: MOST_PIXELS_OF_PNG,
  },
  lossy_webp: { name: "lossy WebP", bytesPerPixel: 5, fixedBytes: 0 },
  lossless_webp: { name: "lossless WebP", bytesPerPixel: 11, fixedBytes: 0 },
  /** Planes, film grain and RGBA; tiles and alpha have buffers of their own. */
  avif: { name: "AVIF", bytesPerPixel: 27, fixedBytes: 0 },
  /** Planes of 16 bits, among them alpha, and RGBA; what libheif begins with. */
  heic: { name: "HEIC", bytesPerPixel: 20, fixedBytes: 17 * MEBIBYTE },
};

/**
 * Maximum size of a decoder's heap in a Worker. Of an isolate's 128 MB, the network takes about 50 and
 * the features of 64 photographs up to 45. `pixelLimits` says which images fit.
 */
export const WORKER_DECODER_HEAP = 32 * MEBIBYTE;

/** The same on hosts with more memory: up to 38 megapixels as AVIF. */
export const NODE_DECODER_HEAP = 1024 * MEBIBYTE;

/**
 * Maximum size of the WebP encoder's heap in a Worker: enough for a cut-out of 1.3 megapixels, at 32
 * bytes each. Masks have an encoder of their own, without a heap.
 */
export const WORKER_ENCODER_HEAP = 40 * MEBIBYTE;

/** The same on hosts with more memory: 33 megapixels. */
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

/** File size that `pixelLimits` assumes, in bytes: that of a 12-megapixel phone photograph. */
const USUAL_BYTES = 4 * MEBIBYTE;

/**
 * Maximum pixels of an image by kind of file, for files up to 4 MiB. Larger files may have fewer
 * pixels. An image that needs less memory than others of its kind, such as a JPEG with colours at half
 * resolution, may have more. `checkSize` checks each file.
 *
 * @param decoderHeap maximum size of a decoder's heap in bytes
 */
export function pixelLimits(decoderHeap: number): Readonly<Record<ImageKind, number>> {
  const limits = Object.entries(IMAGE_KINDS).map(([kind, memory]) => [
    kind,
    pixelsWithin(decoderHeap, USUAL_BYTES, memory),
  ]);
  return Object.fromEntries(limits);
}

function pixelsWithin(
  decoderHeap: number,
  bytes: number,
  { bytesPerPixel, fixedBytes, mostPixels = MAX_SIDE * MAX_SIDE }: KindOfImage,
): number {
  const fitting = Math.floor((decoderHeap - bytes - fixedBytes) / bytesPerPixel);
  return Math.min(mostPixels, Math.max(0, fitting));
}

/**
 * Maximum number of blocks of 8 x 8 pixels in all scans of a JPEG. Each takes time, but may take hardly
 * any bytes. The usual ten scans of an image of `MAX_SIDE` have 25 to 60 million. The maximum takes
 * half a second to three seconds, depending on the bytes.
 */
const MAX_SCANNED_BLOCKS = 64_000_000;

/**
 * The same in a Worker, whose only thread is blocked meanwhile: at most a second. Ten scans of the
 * largest photograph that fits its memory, of 48 megapixels, have 5 to 11 million blocks.
 */
export const MAX_SCANNED_BLOCKS_IN_WORKER = 24_000_000;

/**
 * The same for a progressive JPEG that is decoded at full size. libjpeg takes ten times as long per
 * block. Ten scans of a photograph of 24 megapixels have 3 to 5 million blocks.
 */
export const MAX_SCANNED_BLOCKS_WHOLE = 8_000_000;

/** @param decoderHeap bytes that a decoder's heap may grow to: as little as a Worker's says where it is */
export function maxScannedBlocks(decoderHeap: number): number {
  return decoderHeap > WORKER_DECODER_HEAP ? MAX_SCANNED_BLOCKS : MAX_SCANNED_BLOCKS_IN_WORKER;
}

/** @throws CosalError image_too_many_pixels */
export function checkScans(scans: number, blocks: number, limit: number): void {
  if (blocks <= limit) return;
  throw new CosalError(
    "image_too_many_pixels",
    `The progressive JPEG has ${scans} scans, which go through ${blocks} blocks of 8 x 8 pixels; ` +
      `at most ${limit} are taken. Save it as a baseline JPEG.`,
    { limit: { name: "blocks in all scans", limit, actual: blocks } },
  );
}

export interface SizeToCheck {
  readonly kind: ImageKind;
  readonly width: number;
  readonly height: number;
  /** Bytes of the file, which the decoder copies into its heap. */
  readonly bytes: number;
  /** Heap bytes per pixel of this file, if they are fewer than for its kind. */
  readonly bytesPerPixel?: number | undefined;
}

/** @throws CosalError image_too_small, image_too_many_pixels */
export function checkSize(image: SizeToCheck, decoderHeap: number): void {
  const { width, height } = image;
  const kind = IMAGE_KINDS[image.kind];
  const size = `The ${kind.name} is ${width} x ${height} pixels`;
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
  const { bytesPerPixel = kind.bytesPerPixel } = image;
  const limit = pixelsWithin(decoderHeap, image.bytes, { ...kind, bytesPerPixel });
  if (pixels > limit) {
    throw new CosalError(
      "image_too_many_pixels",
      `${size}, ${pixels} in all; of such a file at most ${limit} are taken here. ` +
        "Send a smaller one, or a baseline JPEG.",
      { limit: { name: "pixels", limit, actual: pixels } },
    );
  }
}
