import { type PixelRows, rowsOf } from "./pixel-rows.ts";
import type { InputFormat, Pixels } from "./types.ts";

/** For each output position, its source positions and their weights. */
export interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `weights[i * stride + k]` belongs to source position `first[i] + k`. */
  readonly weights: Float32Array;
  readonly stride: number;
}

/**
 * Weights to resize one axis: the average of the covered area if it shrinks (OpenCV's INTER_AREA),
 * linear between pixel centres if it grows (INTER_LINEAR; edges repeat).
 *
 * @param source length in pixels. The last pixel may be partial
 */
export function taps(source: number, target: number): Taps {
  const name = `${source} to ${target}`;
  const known = recent.get(name);
  if (known !== undefined) return known;
  if (recent.size === MOST_RECENT) recent.clear();
  const made = tapsOf(source, target);
  recent.set(name, made);
  return made;
}

/** Photographs of a group are often of one size, and a mask is read several times. */
const recent = new Map<string, Taps>();
const MOST_RECENT = 8;

function tapsOf(source: number, target: number): Taps {
  const scale = source / target;
  const stride = scale > 1 ? Math.ceil(scale) + 1 : 2;
  const first = new Int32Array(target);
  const count = new Int32Array(target);
  const weights = new Float32Array(target * stride);
  for (let i = 0; i < target; i++) {
    if (scale > 1) {
      const start = i * scale;
      const end = Math.min(source, start + scale);
      const from = Math.floor(start);
      const to = Math.min(source, Math.ceil(end - 1e-9));
      first[i] = from;
      count[i] = to - from;
      for (let position = from; position < to; position++) {
        const covered = Math.min(end, position + 1) - Math.max(start, position);
        weights[i * stride + position - from] = covered / (end - start);
      }
    } else {
      const centre = Math.min(Math.max((i + 0.5) * scale - 0.5, 0), source - 1);
      const from = Math.min(Math.floor(centre), Math.max(Math.ceil(source) - 2, 0));
      first[i] = from;
      count[i] = Math.min(2, source);
      weights[i * stride] = 1 - (centre - from);
      weights[i * stride + 1] = centre - from;
    }
  }
  return { first, count, weights, stride };
}

/**
 * Converts RGBA pixels to a normalised planar tensor `[3, height, width]`, with transparency over
 * white.
 *
 * @param extent the size of the image in these pixels. The last row and column of a reduced image may
 * be partial
 */
export function toTensor(
  pixels: Pixels,
  format: InputFormat,
  tensor?: Float32Array,
  extent?: { readonly width: number; readonly height: number },
): Float32Array {
  return rowsToTensor(rowsOf(pixels), format, tensor, extent);
}

/** The same for rows that are computed on demand. It needs memory for two rows and the result. */
export function rowsToTensor(
  source: PixelRows,
  format: InputFormat,
  tensor: Float32Array = new Float32Array(3 * format.width * format.height),
  extent: { readonly width: number; readonly height: number } = source,
): Float32Array {
  const { width, height, mean, std } = format;
  const across = taps(extent.width, width);
  const down = taps(extent.height, height);
  const plane = width * height;
  const sum = new Float32Array(3 * width);
  const rows = new ResizedRows(source.rows, across, 3, resizeOverWhite);
  for (let y = 0; y < height; y++) {
    rows.sum(down, y, sum);
    for (let channel = 0; channel < 3; channel++) {
      const scale = 1 / (255 * (std[channel] as number));
      const shift = (mean[channel] as number) / (std[channel] as number);
      const start = channel * plane + y * width;
      for (let x = 0; x < width; x++) {
        tensor[start + x] = (sum[3 * x + channel] as number) * scale - shift;
      }
    }
  }
  return tensor;
}

/** Reduces pixels to the mean of the area that each covers, weighted by alpha. */
export function reducedRows(source: PixelRows, width: number, height: number): PixelRows {
  function* rows(): Generator<Uint8Array, void> {
    const down = taps(source.height, height);
    const resized = new ResizedRows(source.rows, taps(source.width, width), 4, resizePremultiplied);
    const sum = new Float32Array(4 * width);
    const row = new Uint8ClampedArray(4 * width);
    const bytes = new Uint8Array(row.buffer);
    for (let y = 0; y < height; y++) {
      resized.sum(down, y, sum);
      for (let i = 0; i < sum.length; i += 4) {
        const alpha = sum[i + 3] as number;
        const scale = alpha > 0 ? 1 / alpha : 0;
        row[i] = (sum[i] as number) * scale;
        row[i + 1] = (sum[i + 1] as number) * scale;
        row[i + 2] = (sum[i + 2] as number) * scale;
        row[i + 3] = 255 * alpha;
      }
      yield bytes;
    }
  }
  return { width, height, rows: rows() };
}

/** Resizes a row of RGBA horizontally. */
type ResizeRow = (row: Uint8Array, across: Taps, into: Float32Array) => void;

/** Source rows, resized horizontally. The last two are kept: adjacent output rows share them. */
class ResizedRows {
  readonly #source: Iterator<Uint8Array>;
  readonly #across: Taps;
  readonly #resize: ResizeRow;
  readonly #rows: readonly [Float32Array, Float32Array];
  /** Number of rows read so far. */
  #read = 0;

  constructor(source: Iterable<Uint8Array>, across: Taps, samples: number, resize: ResizeRow) {
    this.#source = source[Symbol.iterator]();
    this.#across = across;
    this.#resize = resize;
    const length = samples * across.first.length;
    this.#rows = [new Float32Array(length), new Float32Array(length)];
  }

  /** Output row `y`: a weighted sum of source rows. */
  sum(down: Taps, y: number, sum: Float32Array): void {
    sum.fill(0);
    const top = down.first[y] as number;
    for (let k = 0; k < (down.count[y] as number); k++) {
      const row = this.#get(top + k);
      const weight = down.weights[y * down.stride + k] as number;
      for (let i = 0; i < sum.length; i++) sum[i]! += (row[i] as number) * weight;
    }
  }

  /** Rows must be requested in order. The last one may be requested again. */
  #get(index: number): Float32Array {
    while (this.#read <= index) {
      const { done, value } = this.#source.next();
      if (done) throw new RangeError("the image has fewer rows than it says");
      const row = this.#rows[this.#read & 1] as Float32Array;
      if (this.#read++ === index) this.#resize(value, this.#across, row);
    }
    return this.#rows[index & 1] as Float32Array;
  }
}

function resizeOverWhite(data: Uint8Array, across: Taps, row: Float32Array): void {
  const { first, count, weights, stride } = across;
  for (let x = 0; x < first.length; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let source = 4 * (first[x] as number);
    const tap = x * stride;
    const end = tap + (count[x] as number);
    for (let k = tap; k < end; k++, source += 4) {
      const alpha = data[source + 3] as number;
      const weight = weights[k] as number;
      const opaque = alpha === 255 ? weight : (weight * alpha) / 255;
      const white = (weight - opaque) * 255;
      red += (data[source] as number) * opaque + white;
      green += (data[source + 1] as number) * opaque + white;
      blue += (data[source + 2] as number) * opaque + white;
    }
    row[3 * x] = red;
    row[3 * x + 1] = green;
    row[3 * x + 2] = blue;
  }
}

/** Colours times alpha, and alpha from 0 to 1. */
function resizePremultiplied(data: Uint8Array, across: Taps, row: Float32Array): void {
  const { first, count, weights, stride } = across;
  for (let x = 0; x < first.length; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let seen = 0;
    let source = 4 * (first[x] as number);
    const tap = x * stride;
    const end = tap + (count[x] as number);
    for (let k = tap; k < end; k++, source += 4) {
      const weight = ((weights[k] as number) * (data[source + 3] as number)) / 255;
      red += (data[source] as number) * weight;
      green += (data[source + 1] as number) * weight;
      blue += (data[source + 2] as number) * weight;
      seen += weight;
    }
    row[4 * x] = red;
    row[4 * x + 1] = green;
    row[4 * x + 2] = blue;
    row[4 * x + 3] = seen;
  }
}
