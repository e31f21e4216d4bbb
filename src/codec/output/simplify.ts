import type { Ring } from "./contours.ts";
import type { PausableWork } from "./paced.ts";

/**
 * Half pixels that a point may be off. Less than half a pixel, so that two outlines a pixel apart
 * (a wall between two holes) stay apart.
 */
const TOLERANCE = 0.9;

/** Cost of computing a distance, in pixels. */
const PIXELS_PER_POINT = 4;

/**
 * The ring with as few of its points as Douglas and Peucker's method (1973) needs for no dropped
 * one to be more than 0.45 pixels from the new line.
 */
export function* simplified(outline: Ring): PausableWork<Ring> {
  const count = outline.length / 2;
  if (count <= 4) return outline;
  // It begins where it surely has a corner: as far as can be from some point.
  const begin = 2 * farthest(outline, 0, count, 0).index;
  const ring = outline.slice();
  ring.set(outline.subarray(begin));
  ring.set(outline.subarray(0, begin), outline.length - begin);
  const keep = new Uint8Array(count + 1);
  const opposite = farthest(ring, 0, count, 0).index;
  yield PIXELS_PER_POINT * 2 * count;
  for (const i of [0, opposite, count]) keep[i] = 1;
  const stack = [0, opposite, opposite, count];
  while (stack.length > 0) {
    const end = stack.pop() as number;
    const start = stack.pop() as number;
    const { index, distance } = farthest(ring, start, end, end % count);
    yield PIXELS_PER_POINT * (end - start);
    if (distance <= TOLERANCE) continue;
    keep[index] = 1;
    stack.push(start, index, index, end);
  }
  const left: number[] = [];
  for (let i = 0; i < count; i++) {
    if (keep[i]) left.push(ring[2 * i] as number, ring[2 * i + 1] as number);
  }
  return left.length < 6 ? outline : Int32Array.from(left);
}

/** Of the points between two of them, the one farthest from the line from `start` to `last`. */
function farthest(ring: Ring, start: number, end: number, last: number) {
  const [x, y] = [ring[2 * start] as number, ring[2 * start + 1] as number];
  const dx = (ring[2 * last] as number) - x;
  const dy = (ring[2 * last + 1] as number) - y;
  const length = dx * dx + dy * dy;
  let index = start;
  let most = -1;
  for (let i = start + 1; i < end; i++) {
    const px = (ring[2 * i] as number) - x;
    const py = (ring[2 * i + 1] as number) - y;
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
    const distance = (px - along * dx) ** 2 + (py - along * dy) ** 2;
    if (distance > most) {
      most = distance;
      index = i;
    }
  }
  return { index, distance: Math.sqrt(Math.max(0, most)) };
}
