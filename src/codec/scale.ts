import { swapsAxes } from "./orientation.ts";
import type { ImageHeader, ImageKind } from "./types.ts";
import type { Scaled } from "./wasm/heap.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Pixels of a reduced image for which its memory is accounted (`limits.ts`). Beyond it, which only
 * a long and narrow image is before it comes to an eighth, it is reduced further.
 */
export const REDUCED_PIXELS = 2 * 1024 * 1024;

/** The same of a progressive JPEG, of which coefficients are kept for each reduced pixel. */
export const REDUCED_PROGRESSIVE_PIXELS = REDUCED_PIXELS / 2;

/**
 * How much longer than the target's sides those of a reduced image are at least. At 1 the network's
 * input is 1.4 to 2.7 of 255 off what the full image gives, at 1.5 it is 0.6 to 1.3, at 2 hardly
 * less (mean over enlarged photographs with grain, 1 to 12 megapixels, to 256 x 256).
 */
const MARGIN = 1.5;

const EIGHTHS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/**
 * The smallest scale of an image at which it is still larger than the target, so that resizing it
 * to that averages pixels as it does for the full image.
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

/** Memory for each reduced pixel: RGBA as it is decoded and as a copy, and coefficients. */
const BYTES_PER_REDUCED_PIXEL: Readonly<Partial<Record<ImageKind, number>>> = {
  baseline_jpeg: 4 + 4,
  progressive_jpeg: 4 + 4 + 4,
  // Read row by row: the copy only.
  png: 4,
};

/**
 * The largest scale at which an image, and a copy of it, fit so many bytes; an eighth when none
 * does. What is decoded as a whole cannot be reduced.
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

/** How much of the pixels is image: rounding up may have added a part of one on each axis. */
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
