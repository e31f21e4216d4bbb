import { type Taps, taps } from "./resample.ts";

/** The network's output for one photograph, row by row: mask = sigmoid(logit). */
export interface Logits {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** `[x, y, width, height]` in pixels. */
export type Box = readonly [number, number, number, number];

export interface MaskMeasures {
  /** Share of pixels with mask >= 0.5, 0..1. */
  readonly coverage: number;
  /** Bounding box of mask >= 0.5, null when there is no such pixel. */
  readonly box: Box | null;
}

/**
 * Maps a row of nodes to a row of pixels. Pixels from `starts[i]` to `starts[i + 1]` lie between the
 * nodes i and i + 1; `share` is their position between the two. There are several pixels between two
 * nodes, so most work is done once for all of them.
 */
export interface Across {
  readonly starts: Int32Array;
  readonly share: Float32Array;
}

/**
 * Logits resized to `height` rows, and prepared for resizing to `width` (linear between pixel centres,
 * edges repeat; a smaller photograph gets the area average). Each row overwrites the previous one.
 */
export function nodesOf(logits: Logits, width: number, height: number) {
  const across = taps(logits.width, width);
  const down = taps(logits.height, height);
  const grows = width >= logits.width;
  return {
    across: grows ? between(across, logits.width) : one(width),
    *rows(): Generator<Float32Array> {
      const mixed = new Float32Array(logits.width + 1);
      const row = grows ? mixed : new Float32Array(width + 1);
      for (let y = 0; y < height; y++) {
        for (let k = 0; k < (down.count[y] as number); k++) {
          const start = ((down.first[y] as number) + k) * logits.width;
          const weight = down.weights[y * down.stride + k] as number;
          if (k === 0) scale(logits, start, weight, mixed);
          else addScaled(logits, start, weight, mixed);
        }
        if (!grows) resizeAcross(mixed, across, row);
        yield row;
      }
    },
  };
}

function scale({ width, data }: Logits, start: number, weight: number, to: Float32Array): void {
  for (let x = 0; x < width; x++) to[x] = (data[start + x] as number) * weight;
}

function addScaled({ width, data }: Logits, start: number, weight: number, to: Float32Array) {
  for (let x = 0; x < width; x++) to[x]! += (data[start + x] as number) * weight;
}

function between({ first, weights }: Taps, nodes: number): Across {
  const starts = new Int32Array(nodes + 1).fill(first.length);
  for (let x = first.length - 1; x >= 0; x--) starts[first[x] as number] = x;
  for (let i = nodes - 1; i >= 0; i--) starts[i] = Math.min(starts[i]!, starts[i + 1]!);
  const share = new Float32Array(first.length);
  for (let x = 0; x < share.length; x++) share[x] = weights[2 * x + 1] as number;
  return { starts, share };
}

/** Every pixel is a node. */
function one(width: number): Across {
  return {
    starts: Int32Array.from({ length: width + 1 }, (_, i) => i),
    share: new Float32Array(width),
  };
}

function resizeAcross(
  from: Float32Array,
  { first, count, weights, stride }: Taps,
  to: Float32Array,
) {
  for (let x = 0; x < first.length; x++) {
    let sum = 0;
    for (let k = 0; k < (count[x] as number); k++) {
      sum += (from[(first[x] as number) + k] as number) * (weights[x * stride + k] as number);
    }
    to[x] = sum;
  }
}

/** From this logit on, 255 * sigmoid rounds to 255; below its negative, to 0. Most pixels do. */
const SATURATED = 6.24;
/** Steps of the table per unit of the logit. The error is at most 1/20 before rounding. */
const STEPS = 1280;
const HALF = Math.ceil(SATURATED * STEPS);
/** 255 * sigmoid in the middle of each step; steps meet at 0, so that 0.5 is exact. */
const SIGMOID = Uint8Array.from({ length: 2 * HALF }, (_, i) =>
  Math.round(255 / (1 + Math.exp(-(i + 0.5 - HALF) / STEPS))),
);

/** `255 * sigmoid(logit)`, within half a level and a twentieth. */
export function soft(logit: number): number {
  const step = logit * STEPS + HALF;
  return step <= 0 ? 0 : step >= 2 * HALF ? 255 : (SIGMOID[step | 0] as number);
}

/** The soft mask, 0..255, at a photograph's size. Each row overwrites the previous one. */
export function* maskRows(logits: Logits, width: number, height: number): Generator<Uint8Array> {
  const { across, rows } = nodesOf(logits, width, height);
  const { starts, share } = across;
  const mask = new Uint8Array(width);
  const cells = starts.length - 1;
  const most = HALF / STEPS;
  for (const nodes of rows()) {
    for (let i = 0; i < cells; i++) {
      const left = nodes[i] as number;
      const from = i;
      // Most of a row lies between nodes of which the mask is 255, or 0.
      if (left >= most) while (i < cells && (nodes[i + 1] as number) >= most) i++;
      else if (left <= -most) while (i < cells && (nodes[i + 1] as number) <= -most) i++;
      if (i > from) mask.fill(left > 0 ? 255 : 0, starts[from], starts[i--]);
      else {
        const rise = (nodes[i + 1] as number) - left;
        const end = starts[i + 1] as number;
        for (let x = starts[i] as number; x < end; x++) {
          mask[x] = soft(left + rise * (share[x] as number));
        }
      }
    }
    yield mask;
  }
}

/**
 * The binary mask, 1 where it is at least `sigmoid(level)`, at a photograph's size. Each row overwrites
 * the previous one.
 */
export function* binaryRows(
  logits: Logits,
  width: number,
  height: number,
  level = 0,
): Generator<Uint8Array> {
  const mask = new Uint8Array(width);
  for (const changes of changesOfRows(logits, width, height, level)) {
    mask.fill(0);
    for (let i = 0; i < changes.length; i += 2) mask.fill(1, changes[i], changes[i + 1]);
    yield mask;
  }
}

/**
 * The positions where each row of the binary mask changes, alternately from 0 to 1 and back. A row that
 * ends with 1 changes at `width`. The buffer is reused.
 */
function* changesOfRows(
  logits: Logits,
  width: number,
  height: number,
  level: number,
): Generator<Int32Array> {
  const { across, rows } = nodesOf(logits, width, height);
  const changes = new Int32Array(width + 1);
  for (const nodes of rows()) yield changes.subarray(0, changesOf(nodes, across, level, changes));
}

/** @returns how many there are */
function changesOf(
  nodes: Float32Array,
  { starts, share }: Across,
  level: number,
  changes: Int32Array,
): number {
  const cells = starts.length - 1;
  let used = 0;
  let value = false;
  for (let i = 0; i < cells; i++) {
    const begin = starts[i] as number;
    const isObject = (nodes[i] as number) >= level;
    // Most of a row lies between nodes that are alike.
    while (i < cells && (nodes[i + 1] as number) >= level === isObject) i++;
    const end = starts[Math.min(i + 1, cells)] as number;
    let x = starts[i] as number;
    if (i < cells) {
      const left = (nodes[i] as number) - level;
      const rise = (nodes[i + 1] as number) - level - left;
      while (x < end && left + rise * (share[x] as number) >= 0 === isObject) x++;
    }
    if (x > begin && value !== isObject) {
      changes[used++] = begin;
      value = isObject;
    }
    if (x < end && value === isObject) {
      changes[used++] = x;
      value = !isObject;
    }
  }
  if (value) changes[used++] = starts[cells] as number;
  return used;
}

/** Coverage and box at the photograph's size, of mask >= `sigmoid(level)` (default: 0.5). */
export function measureMask(
  logits: Logits,
  width: number,
  height: number,
  level = 0,
): MaskMeasures {
  let covered = 0;
  let [left, top, right, bottom] = [width, height, -1, -1];
  let y = 0;
  for (const changes of changesOfRows(logits, width, height, level)) {
    if (changes.length > 0) {
      for (let i = 0; i < changes.length; i += 2) {
        covered += (changes[i + 1] as number) - (changes[i] as number);
      }
      left = Math.min(left, changes[0] as number);
      right = Math.max(right, (changes.at(-1) as number) - 1);
      top = Math.min(top, y);
      bottom = y;
    }
    y++;
  }
  return {
    coverage: covered / (width * height),
    box: covered > 0 ? [left, top, right - left + 1, bottom - top + 1] : null,
  };
}
