import type { Decoder, Logits } from "../codec/index.ts";
import { aboutImage, load, type Network } from "./encode.ts";
import { logitsOf } from "./graphs.ts";
import type { Manifest } from "./manifest.ts";
import type { Tensor } from "./runtime/runtime.ts";
import type { Consensus, ImageInput } from "./types.ts";

/** A part of a photograph, in shares of its sides, 0..1. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Margin around a mask on each side, as a share of the mask's size. */
const MARGIN = 0.5;
/** Minimum share of a photograph's sides. A smaller window would need too much memory in an isolate. */
const SMALLEST = 0.5;
/** Maximum share of a photograph's area. A larger window would show nothing new. */
const LARGEST = 0.8;

/**
 * Processes a photograph a second time, in a window around its mask, where small objects appear larger.
 * Undefined if that would show nothing new. Must match
 * `training/cosal_training/second_look.py`.
 *
 * @param first its mask
 * @returns the logits after both looks, twice as fine
 *
 * @throws CosalError image_*, naming the image; whatever `image.bytes` rejects with
 */
export async function lookAgain(
  { manifest, graphs, decoder }: Network,
  image: ImageInput,
  index: number,
  first: Logits,
  consensus: Consensus,
): Promise<Logits | undefined> {
  const window = windowAround(first);
  if (window === undefined) return undefined;
  try {
    const { width, height } = manifest.input;
    const data = await sampleWindow(decoder, await load(image), window, manifest.input);
    const encoded = await graphs.run("encoder", { image: { data, dims: [1, 3, height, width] } });
    const { logits } = await graphs.run("decoder", {
      ...encoded,
      consensus: { data: consensus.data, dims: consensus.shape },
    });
    return combined(first, logitsOf(logits as Tensor), window);
  } catch (error) {
    throw aboutImage(error, image, index);
  }
}

/** The window around the mask. Undefined if there is no mask, or if it is large. */
export function windowAround({ width, height, data }: Logits): Window | undefined {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (const [i, logit] of data.entries()) {
    if (logit < 0) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + 1);
    bottom = Math.max(bottom, y + 1);
  }
  if (right === 0) return undefined;
  const across = stretch(left / width, right / width);
  const down = stretch(top / height, bottom / height);
  if (across.length * down.length > LARGEST) return undefined;
  return { left: across.start, top: down.start, width: across.length, height: down.length };
}

/** A stretch of an axis with its margins, 0..1. */
function stretch(from: number, to: number): { start: number; length: number } {
  const margin = Math.max(MARGIN * (to - from), (SMALLEST - (to - from)) / 2);
  const length = Math.min(1, to - from + 2 * margin);
  return { start: Math.min(Math.max(0, from - margin), 1 - length), length };
}

/**
 * The network's input for a window of a photograph: `[3, height, width]`. The photograph is sampled
 * at the size at which the window has the input's, so that JPEGs can still be decoded at reduced
 * scale.
 */
async function sampleWindow(
  decoder: Decoder,
  file: Uint8Array,
  window: Window,
  input: Manifest["input"],
): Promise<Float32Array> {
  const width = Math.round(input.width / window.width);
  const height = Math.round(input.height / window.height);
  const whole = await decoder.sample(file, { ...input, width, height });
  const x = Math.min(Math.round(window.left * width), width - input.width);
  const y = Math.min(Math.round(window.top * height), height - input.height);
  const part = new Float32Array(3 * input.height * input.width);
  for (let row = 0; row < 3 * input.height; row++) {
    const channel = Math.floor(row / input.height);
    const start = (channel * height + y + (row % input.height)) * width + x;
    part.set(whole.subarray(start, start + input.width), row * input.width);
  }
  return part;
}

/**
 * The logits of a photograph after both looks, twice as fine as the first: their mean within the
 * window, and the first look's outside.
 */
export function combined(first: Logits, second: Logits, window: Window): Logits {
  const [width, height] = [2 * first.width, 2 * first.height];
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const down = (y + 0.5) / height;
    const downWithin = (down - window.top) / window.height;
    for (let x = 0; x < width; x++) {
      const across = (x + 0.5) / width;
      const acrossWithin = (across - window.left) / window.width;
      const logit = at(first, across, down);
      const isWithin = acrossWithin >= 0 && acrossWithin <= 1 && downWithin >= 0 && downWithin <= 1;
      data[y * width + x] = isWithin ? (logit + at(second, acrossWithin, downWithin)) / 2 : logit;
    }
  }
  return { width, height, data };
}

/** Linear between the centres of pixels; edges repeat. x and y are shares of the sides, 0..1. */
function at({ width, height, data }: Logits, x: number, y: number): number {
  const column = Math.min(Math.max(x * width - 0.5, 0), width - 1);
  const row = Math.min(Math.max(y * height - 0.5, 0), height - 1);
  const [left, top] = [Math.floor(column), Math.floor(row)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const value = (i: number, j: number) => data[j * width + i] as number;
  const upper = value(left, top) + (column - left) * (value(right, top) - value(left, top));
  const lower =
    value(left, bottom) + (column - left) * (value(right, bottom) - value(left, bottom));
  return upper + (row - top) * (lower - upper);
}
