import type { PixelRows } from "./pixel-rows.ts";
import type { Orientation, Pixels } from "./types.ts";

/** The inverse of each orientation. Quarter turns are inverse to each other; others to themselves. */
export const INVERSE = [1, 1, 2, 3, 4, 5, 8, 7, 6] as const;

export function swapsAxes(orientation: Orientation): boolean {
  return orientation >= 5;
}

/**
 * Where the upright pixel (x, y) is stored, in an image stored `width` x `height`: an index counted
 * in pixels, as `start + x * stepX + y * stepY`.
 */
function storage(orientation: Orientation, width: number, height: number) {
  const last = width * height - 1;
  switch (orientation) {
    case 1:
      return { start: 0, stepX: 1, stepY: width };
    case 2:
      return { start: width - 1, stepX: -1, stepY: width };
    case 3:
      return { start: last, stepX: -1, stepY: -width };
    case 4:
      return { start: width * (height - 1), stepX: 1, stepY: -width };
    case 5:
      return { start: 0, stepX: width, stepY: 1 };
    case 6:
      return { start: width * (height - 1), stepX: -width, stepY: 1 };
    case 7:
      return { start: last, stepX: -width, stepY: -1 };
    case 8:
      return { start: width - 1, stepX: width, stepY: -1 };
  }
}

/** Copies stored pixels to a new buffer in upright orientation, row by row. */
export function upright(stored: PixelRows, orientation: Orientation): Pixels {
  const [width, height] = swapsAxes(orientation)
    ? [stored.height, stored.width]
    : [stored.width, stored.height];
  const result = new Uint32Array(width * height);
  // Where the stored pixel (x, y) goes is where the opposite turn would fetch it from.
  const { start, stepX, stepY } = storage(INVERSE[orientation], width, height);
  const pixels = new Uint32Array(stored.width);
  const bytes = new Uint8Array(pixels.buffer);
  let first = start;
  for (const row of stored.rows) {
    bytes.set(row);
    for (let x = 0, to = first; x < pixels.length; x++, to += stepX) {
      result[to] = pixels[x] as number;
    }
    first += stepY;
  }
  return { width, height, data: new Uint8Array(result.buffer) };
}

/** Applies the orientation to each plane of `[planes, height, width]`. */
export function uprightPlanes(
  planes: Float32Array,
  width: number,
  height: number,
  orientation: Orientation,
  result: Float32Array = new Float32Array(planes.length),
): Float32Array {
  const [storedWidth, storedHeight] = swapsAxes(orientation) ? [height, width] : [width, height];
  const size = width * height;
  for (let start = 0; start < planes.length; start += size) {
    const from = planes.subarray(start, start + size);
    const to = result.subarray(start, start + size);
    turn(from, to, width, height, orientation, storedWidth, storedHeight);
  }
  return result;
}

function turn(
  from: Float32Array,
  to: Float32Array,
  width: number,
  height: number,
  orientation: Orientation,
  storedWidth: number,
  storedHeight: number,
): void {
  const { start, stepX, stepY } = storage(orientation, storedWidth, storedHeight);
  let index = 0;
  for (let y = 0; y < height; y++) {
    let source = start + y * stepY;
    for (let x = 0; x < width; x++, source += stepX) to[index++] = from[source] as number;
  }
}
