import type { ImageKind } from "./types.ts";

/** Milliseconds of decoding: a minimum, and more per million pixels and per million bytes. */
interface Cost {
  readonly least: number;
  readonly perMegapixel: number;
  readonly perMegabyte: number;
}

/**
 * Measured in WebAssembly on one thread of a server's Xeon: photographs with grain of 1 to 12
 * megapixels, at qualities from 50 to 98, and images of one colour.
 */
const COSTS: Readonly<Record<ImageKind, Cost>> = {
  baseline_jpeg: { least: 8, perMegapixel: 2.5, perMegabyte: 30 },
  progressive_jpeg: { least: 12, perMegapixel: 8, perMegabyte: 155 },
  png: { least: 5, perMegapixel: 28, perMegabyte: 4 },
  interlaced_png: { least: 5, perMegapixel: 28, perMegabyte: 4 },
  lossy_webp: { least: 5, perMegapixel: 28, perMegabyte: 100 },
  lossless_webp: { least: 5, perMegapixel: 15, perMegabyte: 40 },
  avif: { least: 10, perMegapixel: 95, perMegabyte: 420 },
  heic: { least: 10, perMegapixel: 75, perMegabyte: 400 },
};

/** Milliseconds per million blocks in a JPEG's scans. They take time even with hardly any bytes. */
const PER_MILLION_BLOCKS = 15;

export interface ImageToDecode {
  readonly kind: ImageKind;
  readonly width: number;
  readonly height: number;
  /** Of the file. */
  readonly bytes: number;
  /** Blocks that a JPEG's scans go through (`scannedBlocks`). */
  readonly scannedBlocks?: number | undefined;
}

/**
 * Estimates the time in milliseconds to decode an image in WebAssembly on one thread and resize it to
 * the network's input, from its header.
 */
export function decodingCost(image: ImageToDecode): number {
  const { least, perMegapixel, perMegabyte } = COSTS[image.kind];
  const { width, height, bytes, scannedBlocks = 0 } = image;
  const perImage = perMegapixel * width * height + perMegabyte * bytes;
  return least + (perImage + PER_MILLION_BLOCKS * scannedBlocks) / 1e6;
}
