import { swapsAxes } from "./orientation.ts";
import type { ImageHeader, ImageKind } from "./types.ts";
import type { Scaled } from "./wasm/heap.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Maximum pixels of a reduced image, as in the memory limits (`limits.ts`). Larger ones are reduced
 * further. Only long and narrow images exceed it at more than an eighth.
 */
export const REDUCED_PIXELS = 2 * 1024 * 1024;

/** The same of a progressive JPEG, of which coefficients are kept for each reduced pixel. */
export const REDUCED_PROGRESSIVE_PIXELS = REDUCED_PIXELS / 2;

/**
 * Minimum ratio of a reduced image's sides to the target's. At 1, the network's input differs by 1.4
 * to 2.7 of 255 from that of the full image, at 1.5 by 0.6 to 1.3, and at 2 by hardly less (mean over
 * enlarged photographs with grain, 1 to 12 megapixels, to 256 x 256).
 */
const MARGIN = 1.5;

const EIGHTHS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/**
 * The smallest scale at which an image is still larger than the target, so that resizing averages
 * pixels as it does for the full image.
 *
 * @param target size that the stored pixels will be resized to, each axis on its own
 */
export function scaleFor(header: ImageHeader, target: Size): Scaled {
  const size = storedSize(header);
  if (header.type !== "image/jpeg") return { ...size, eighths: 8 };
  const suits = (eighths: number) =>
    side(size.width, eighths) >= MARGIN * target.width &&
    side(size.height, eighths) >= MARGIN * target.height;
  const enough = EIGHTHS.find(suits) ?? 8;
  const most = header.kind === "progressive_jpeg" ? REDUCED_PROGRESSIVE_PIXELS : REDUCED_PIXELS;
  return { ...size, eighths: Math.min(enough, largest(size, most)) };
}

/** Bytes per reduced pixel: decoded RGBA, its copy, and coefficients. */
const BYTES_PER_REDUCED_PIXEL: Readonly<Partial<Record<ImageKind, number>>> = {
  baseline_jpeg: 4 + 4,
  progressive_jpeg: 4 + 4 + 4,
  // Read row by row: the copy only.
  png: 4,
};

/**
 * The largest scale at which an image and a copy of it fit into a number of bytes, or an eighth if
 * none does. Images that are decoded as a whole cannot be reduced.
 */
export function scaleWithin(header: ImageHeader, bytes: number): Scaled {
  const size = storedSize(header);
  const bytesPerPixel = BYTES_PER_REDUCED_PIXEL[header.kind];
  return { ...size, eighths: bytesPerPixel ? largest(size, bytes / bytesPerPixel) : 8 };
}

/** The size at that scale. */
export function reducedSize({ width, height, eighths }: Scaled): Size {
  return { width: side(width, eighths), height: side(height, eighths) };
}

/** The size of the image in reduced pixels. Rounding up may add a partial pixel on each axis. */
export function extentOf({ width, height, eighths }: Scaled): Size {
  return { width: (width * eighths) / 8, height: (height * eighths) / 8 };
}

/** Size as in the file. */
function storedSize({ width, height, orientation }: ImageHeader): Size {
  return swapsAxes(orientation) ? { width: height, height: width } : { width, height };
}

function largest({ width, height }: Size, pixels: number): number {
  const fits = (eighths: number) => side(width, eighths) * side(height, eighths) <= pixels;
  return EIGHTHS.findLast(fits) ?? 1;
}

/** A side at a scale of `eighths` / 8, as libjpeg rounds it. */
export function side(pixels: number, eighths: number): number {
  return Math.ceil((pixels * eighths) / 8);
}
