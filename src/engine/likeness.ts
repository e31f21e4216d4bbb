import { componentsOf, type Logits, withoutComponents } from "../codec/index.ts";
import type { Tensor } from "./runtime/runtime.ts";
import type { Consensus } from "./types.ts";

/**
 * Removes connected parts of a mask that look unlike the group's object: those whose likeness is
 * less than `least` times that of the most similar part.
 *
 * A single pixel hardly distinguishes a screen from the keyboard below it, but the mean features of
 * a whole part do. Likeness is the cosine similarity between the mean features of the part and
 * those of the object in the consensus (the first half of its prototypes), both relative to the
 * surroundings (the second half).
 *
 * @param features of the image, `[1, channels, height, width]`: a grid over the same image
 * @param least 0..1
 */
export function withoutUnlike(
  logits: Logits,
  features: Tensor,
  consensus: Consensus,
  least: number,
): Logits {
  const components = componentsOf(logits);
  if (components.sizes.length < 2) return logits;
  const { wanted, surroundings } = objectOf(consensus);
  const likeness = shares(logits, components.labels, components.sizes.length, features).map(
    (share) => cosine(wanted, meanFeatures(features, share), surroundings),
  );
  const enough = least * Math.max(...likeness);
  return withoutComponents(
    logits,
    components,
    likeness.map((value) => enough > 0 && value < enough),
  );
}

/** The weight of each pixel of a region, row by row. */
export interface Region {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/**
 * Likeness of a region to the object, -1..1: the cosine similarity of `withoutUnlike`. 0 for an
 * empty region.
 *
 * @param features of the image, `[1, channels, height, width]`: a grid over the same image
 */
export function likenessOf(
  { width, height, data }: Region,
  features: Tensor,
  consensus: Consensus,
): number {
  const [rows, columns] = [features.dims[2] as number, features.dims[3] as number];
  const weights = new Float64Array(rows * columns);
  for (let y = 0, i = 0; y < height; y++) {
    const start = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x++, i++) {
      weights[start + Math.floor((x * columns) / width)]! += data[i] as number;
    }
  }
  const share: Share = new Map(weights.entries().filter(([, weight]) => weight > 0));
  if (share.size === 0) return 0;
  const { wanted, surroundings } = objectOf(consensus);
  return cosine(wanted, meanFeatures(features, share), surroundings);
}

/** The likeness of each cell of a grid over an image, row by row. */
export interface LikenessMap {
  readonly width: number;
  readonly height: number;
  /** -1..1 */
  readonly data: Float32Array;
}

/**
 * How much each place in an image looks like the object in the consensus, and not like its
 * surroundings: the cosine similarity of `withoutUnlike`, cell by cell.
 *
 * @param features of the image, `[1, channels, height, width]`
 */
export function likenessMap({ data, dims }: Tensor, consensus: Consensus): LikenessMap {
  const [height, width] = [dims[2] as number, dims[3] as number];
  const { wanted, surroundings } = objectOf(consensus);
  const cells = width * height;
  const here = new Float64Array(wanted.length);
  const likeness = Float32Array.from({ length: cells }, (_, cell) => {
    for (let channel = 0; channel < here.length; channel++) {
      here[channel] = data[channel * cells + cell] as number;
    }
    return cosine(wanted, here, surroundings);
  });
  return { width, height, data: likeness };
}

/** The object's mean prototype relative to that of its surroundings, and the latter. */
function objectOf({ shape, data }: Consensus) {
  const [prototypes, channels] = shape;
  const half = (prototypes / 2) * channels;
  const object = meanOf(data.subarray(0, half), channels);
  const surroundings = meanOf(data.subarray(half), channels);
  const wanted = object.map((value, channel) => value - (surroundings[channel] as number));
  return { wanted, surroundings };
}

/** How much of a part falls into each cell of the grid: its pixels, weighted by the mask. */
type Share = Map<number, number>;

/** For each part, only the cells it touches, since there may be thousands of specks. */
function shares(
  { width, height, data }: Logits,
  labels: Int32Array,
  parts: number,
  { dims }: Tensor,
): Share[] {
  const [rows, columns] = [dims[2] as number, dims[3] as number];
  const found = Array.from({ length: parts }, (): Share => new Map());
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label === 0) continue;
    const row = Math.floor((Math.floor(i / width) * rows) / height);
    const column = Math.floor(((i % width) * columns) / width);
    const share = found[label - 1] as Share;
    const cell = row * columns + column;
    share.set(cell, (share.get(cell) ?? 0) + 1 / (1 + Math.exp(-(data[i] as number))));
  }
  return found;
}

function meanFeatures({ data, dims }: Tensor, share: Share): Float64Array {
  const channels = dims[1] as number;
  const cells = data.length / channels;
  const mean = new Float64Array(channels);
  let total = 0;
  for (const [cell, weight] of share) {
    total += weight;
    for (let channel = 0; channel < channels; channel++) {
      mean[channel]! += weight * (data[channel * cells + cell] as number);
    }
  }
  return mean.map((sum) => sum / total);
}

/** Mean of concatenated vectors. */
function meanOf(vectors: Float32Array, length: number): Float64Array {
  const mean = new Float64Array(length);
  for (const [i, value] of vectors.entries()) mean[i % length]! += value;
  return mean.map((sum) => (sum * length) / vectors.length);
}

/** Between `wanted` and `features - origin`. */
function cosine(wanted: Float64Array, features: Float64Array, origin: Float64Array): number {
  let [product, a, b] = [0, 0, 0];
  for (let channel = 0; channel < wanted.length; channel++) {
    const value = wanted[channel] as number;
    const other = (features[channel] as number) - (origin[channel] as number);
    product += value * other;
    a += value * value;
    b += other * other;
  }
  return a > 0 && b > 0 ? product / Math.sqrt(a * b) : 0;
}
