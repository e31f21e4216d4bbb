import { type Taps, taps } from "./resample.ts";

/** The network's answer for one photograph, row by row: mask = sigmoid(logit). */
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
 * Resizes logits to `width` x `height` (linear between pixel centres, edges repeat; a smaller
 * photograph gets the area average) and yields one row at a time, in a buffer that is used again
 * for the next.
 */
function* logitRows(logits: Logits, width: number, height: number): Generator<Float32Array> {
  const across = taps(logits.width, width);
  const down = taps(logits.height, height);
  const mixed = new Float32Array(logits.width);
  const row = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    mixed.fill(0);
    for (let k = 0; k < (down.count[y] as number); k++) {
      const start = ((down.first[y] as number) + k) * logits.width;
      const weight = down.weights[y * down.stride + k] as number;
      for (let x = 0; x < mixed.length; x++) {
        mixed[x]! += (logits.data[start + x] as number) * weight;
      }
    }
    resizeAcross(mixed, across, row);
    yield row;
  }
}

function resizeAcross(
  from: Float32Array,
  { first, count, weights, stride }: Taps,
  to: Float32Array,
) {
  if (stride === 2 && from.length > 1) {
    // The common case, a photograph larger than the logits: millions of pixels.
    for (let x = 0; x < to.length; x++) {
      const i = first[x] as number;
      to[x] =
        (from[i] as number) * (weights[2 * x] as number) +
        (from[i + 1] as number) * (weights[2 * x + 1] as number);
    }
    return;
  }
  for (let x = 0; x < to.length; x++) {
    let sum = 0;
    for (let k = 0; k < (count[x] as number); k++) {
      sum += (from[(first[x] as number) + k] as number) * (weights[x * stride + k] as number);
    }
    to[x] = sum;
  }
}

/** From here on 255 * sigmoid rounds to 255, and below the negative to 0: most pixels of a mask. */
const SATURATED = 6.24;

/** The soft mask, 0..255, of a photograph of that size. The buffer of a row is used again. */
export function* maskRows(logits: Logits, width: number, height: number): Generator<Uint8Array> {
  const mask = new Uint8Array(width);
  for (const row of logitRows(logits, width, height)) {
    for (let x = 0; x < width; x++) {
      const logit = row[x] as number;
      if (logit > SATURATED) mask[x] = 255;
      else if (logit < -SATURATED) mask[x] = 0;
      else mask[x] = 255 / (1 + Math.exp(-logit)) + 0.5;
    }
    yield mask;
  }
}

/** Coverage and box at the photograph's size. A logit of 0 is a mask of 0.5. */
export function measureMask(logits: Logits, width: number, height: number): MaskMeasures {
  let covered = 0;
  let [left, top, right, bottom] = [width, height, -1, -1];
  let y = 0;
  for (const row of logitRows(logits, width, height)) {
    for (let x = 0; x < width; x++) {
      if ((row[x] as number) < 0) continue;
      covered++;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
    y++;
  }
  return {
    coverage: covered / (width * height),
    box: covered > 0 ? [left, top, right - left + 1, bottom - top + 1] : null,
  };
}
