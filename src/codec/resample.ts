import type { InputFormat, Pixels } from "./types.ts";

/** For each output position, the source positions it is made of and their weights. */
export interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `weights[i * stride + k]` belongs to source position `first[i] + k`. */
  readonly weights: Float32Array;
  readonly stride: number;
}

/**
 * Weights to resize one axis: the average of the covered area when it shrinks (OpenCV's INTER_AREA),
 * linear between pixel centres when it grows (INTER_LINEAR; edges repeat).
 *
 * @param source length in pixels; the last one may be there in part only
 */
export function taps(source: number, target: number): Taps {
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
 * RGBA pixels to a normalised planar tensor `[3, height, width]`; transparency is laid over white.
 * Works row by row: beside the result it needs two rows.
 *
 * @param extent how much of the pixels is image: of a reduced one the last row and column may be
 * there in part only
 */
export function toTensor(
  pixels: Pixels,
  format: InputFormat,
  tensor: Float32Array = new Float32Array(3 * format.width * format.height),
  extent: { readonly width: number; readonly height: number } = pixels,
): Float32Array {
  const { width, height, mean, std } = format;
  const across = taps(extent.width, width);
  const down = taps(extent.height, height);
  const plane = width * height;
  const sum = new Float32Array(3 * width);
  const rows = new RowCache(pixels, across, width);
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    const top = down.first[y] as number;
    for (let k = 0; k < (down.count[y] as number); k++) {
      const row = rows.get(top + k);
      const weight = down.weights[y * down.stride + k] as number;
      for (let i = 0; i < sum.length; i++) sum[i]! += (row[i] as number) * weight;
    }
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

/** Source rows, resized across; the last two stay, since neighbouring output rows share them. */
class RowCache {
  private readonly pixels: Pixels;
  private readonly across: Taps;
  private readonly rows: [Float32Array, Float32Array];
  private readonly indices: [number, number] = [-1, -1];

  constructor(pixels: Pixels, across: Taps, width: number) {
    this.pixels = pixels;
    this.across = across;
    this.rows = [new Float32Array(3 * width), new Float32Array(3 * width)];
  }

  get(index: number): Float32Array {
    const slot = index & 1;
    const row = this.rows[slot] as Float32Array;
    if (this.indices[slot] !== index) {
      resizeRow(this.pixels, index, this.across, row);
      this.indices[slot] = index;
    }
    return row;
  }
}

function resizeRow({ data, width }: Pixels, index: number, across: Taps, row: Float32Array): void {
  const { first, count, weights, stride } = across;
  const start = 4 * width * index;
  for (let x = 0; x < first.length; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let source = start + 4 * (first[x] as number);
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
