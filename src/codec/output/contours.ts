import type { PausableWork } from "./paced.ts";

/**
 * A closed line, `x, y, x, y, ...` in half pixels from the top left corner of the image; the last
 * point joins the first. The object lies to its right: clockwise around a part, anticlockwise
 * around a hole.
 */
export type Ring = Int32Array<ArrayBuffer>;

/** Right, down, left, up. */
const DX = [1, 0, -1, 0] as const;
const DY = [0, 1, 0, -1] as const;
const RIGHT = 0;
/** Two runs of at least so many pixels meet in a corner of the object, shorter ones in a slope. */
const CORNER = 3;
/** Steps along an outline after which work may pause; each takes as long as some pixels. */
const PAUSE_STEPS = 4096;
const PIXELS_PER_STEP = 8;

/**
 * The outlines of a mask: between an object's pixel and one beside it that is none, through the
 * middle of the edge that they share or, along a slope, of each of its steps, and around the corners
 * of long straight edges. Every pixel's centre is on its side of them (even-odd rule). Pixels that touch by a corner only are of two
 * parts.
 *
 * @param rows `height` rows of `width` zeros and ones; they are kept as bits
 */
export function* contours(
  rows: Iterable<Uint8Array>,
  width: number,
  height: number,
): PausableWork<Ring[]> {
  const bitmap = new Bits(width + 2, height + 2);
  const tops: number[] = [];
  const above = new Uint8Array(width);
  let y = 1;
  for (const row of rows) {
    for (let x = 0; x < width; x++) {
      if (row[x]) bitmap.set(x + 1, y);
      // Every outline has an edge with the object below it.
      if (row[x] && !above[x]) tops.push(x + 1, y);
    }
    above.set(row);
    y++;
    yield width;
  }
  const visited = new Bits(width + 2, height + 2);
  const rings: Ring[] = [];
  for (let i = 0; i < tops.length; i += 2) {
    const [x, y] = [tops[i] as number, tops[i + 1] as number];
    if (!visited.get(x, y)) rings.push(yield* trace(bitmap, visited, x, y));
  }
  return rings;
}

/** Follows the edges between pixels, from the upper left corner of pixel (startX, startY). */
function* trace(bitmap: Bits, visited: Bits, startX: number, startY: number): PausableWork<Ring> {
  /** Lengths of straight runs, the first to the right; where they end; whence they come. */
  const runs: number[] = [];
  const ends: number[] = [];
  const directions: number[] = [];
  let [x, y, direction, run] = [startX, startY, RIGHT, 0];
  let steps = 0;
  do {
    if (++steps % PAUSE_STEPS === 0) yield PAUSE_STEPS * PIXELS_PER_STEP;
    if (direction === RIGHT) visited.set(x, y);
    x += DX[direction] as number;
    y += DY[direction] as number;
    run++;
    const turn = turnAt(bitmap, x, y, direction);
    if (turn === 0) continue;
    runs.push(run);
    ends.push(2 * (x - 1), 2 * (y - 1)); // the image begins at pixel (1, 1) of the bitmap
    directions.push(direction);
    run = 0;
    direction = (direction + turn) & 3;
  } while (x !== startX || y !== startY || direction !== RIGHT);
  yield (steps % PAUSE_STEPS) * PIXELS_PER_STEP;

  const points: number[] = [];
  for (const [i, run] of runs.entries()) {
    if (i % PAUSE_STEPS === 0) yield Math.min(PAUSE_STEPS, runs.length) * PIXELS_PER_STEP;
    const before = runs[i - 1] ?? (runs.at(-1) as number);
    const after = runs[i + 1] ?? (runs[0] as number);
    const dx = DX[directions[i] as number] as number;
    const dy = DY[directions[i] as number] as number;
    /** `halves` back from the run's end. */
    const point = (halves: number) => {
      points.push((ends[2 * i] as number) - halves * dx, (ends[2 * i + 1] as number) - halves * dy);
    };
    // A step of a slope: a straight line's passes through the middles of all its steps.
    if (run === 1 || (before === 1 && after === 1)) point(run);
    else {
      point(2 * run - 1);
      point(1);
    }
    if (run >= CORNER && after >= CORNER) point(0);
  }
  return Int32Array.from(points);
}

/** 1 to the right, -1 (3) to the left, 0 straight on, at the corner that is the pixel (x, y)'s upper left. */
function turnAt(bitmap: Bits, x: number, y: number, direction: number): number {
  // Of the four pixels around the corner, the two that lie ahead, to the left and to the right.
  const [dx, dy] = [DX[direction] as number, DY[direction] as number];
  const right = bitmap.get(x + ((dx - dy - 1) >> 1), y + ((dy + dx - 1) >> 1));
  if (!right) return 1;
  const left = bitmap.get(x + ((dx + dy - 1) >> 1), y + ((dy - dx - 1) >> 1));
  return left ? 3 : 0;
}

/** A bitmap, eight pixels to a byte. */
class Bits {
  private readonly bytes: Uint8Array;
  private readonly stride: number;

  constructor(width: number, height: number) {
    this.stride = Math.ceil(width / 8);
    this.bytes = new Uint8Array(this.stride * height);
  }

  get(x: number, y: number): number {
    return ((this.bytes[y * this.stride + (x >> 3)] as number) >> (x & 7)) & 1;
  }

  set(x: number, y: number): void {
    this.bytes[y * this.stride + (x >> 3)]! |= 1 << (x & 7);
  }
}
