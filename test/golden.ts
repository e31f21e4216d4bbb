import type { Decoder, InputFormat } from "../src/codec/index.ts";
import { toTensor } from "../src/codec/resample.ts";
import {
  createSegmenter,
  describeModel,
  type ImageMask,
  type ModelFiles,
  type Runtime,
} from "../src/engine/index.ts";

/** `models/<name>/golden.json`: tensors that the PyTorch network made, stored in `golden.bin`. */
export interface GoldenIndex {
  readonly group: number;
  readonly tensors: Readonly<
    Record<string, { type: string; shape: readonly number[]; offset: number }>
  >;
}

const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

export class Golden {
  readonly group: number;
  private readonly index: GoldenIndex;
  private readonly bytes: ArrayBuffer;

  constructor(index: GoldenIndex, bytes: ArrayBuffer) {
    this.group = index.group;
    this.index = index;
    this.bytes = bytes;
  }

  /** Logits that the network gave picture `i`. */
  logits(i: number): Float32Array {
    const logits = this.floats("logits");
    const length = logits.length / this.group;
    return logits.slice(i * length, (i + 1) * length);
  }

  floats(name: string): Float32Array {
    const { shape, offset } = this.tensor(name, "float32");
    return new Float32Array(this.bytes, offset, size(shape));
  }

  /** Picture `i` as RGBA. */
  picture(i: number) {
    const { shape, offset } = this.tensor("picture", "uint8");
    const [, height = 0, width = 0] = shape;
    const rgb = new Uint8Array(this.bytes, offset + i * width * height * 3, width * height * 3);
    const data = new Uint8Array(width * height * 4).fill(255);
    for (let pixel = 0; pixel < width * height; pixel++) {
      data.set(rgb.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
    }
    return { width, height, data };
  }

  private tensor(name: string, type: string) {
    const tensor = this.index.tensors[name];
    if (tensor?.type !== type) throw new Error(`golden.json has no ${type} tensor ${name}`);
    return tensor;
  }
}

/** The golden group through the engine: its pictures come from the decoder's seat. */
export async function segmentGolden(
  golden: Golden,
  files: ModelFiles,
  runtime: Runtime,
): Promise<{ consensus: Float32Array; masks: ImageMask[] }> {
  const pictureOf = (bytes: Uint8Array) => golden.picture(bytes[0] as number);
  const decoder: Decoder = {
    types: ["image/png"],
    inspect: (bytes) => {
      const { width, height } = pictureOf(bytes);
      return { type: "image/png", kind: "png", width, height, orientation: 1, cost: 0 };
    },
    decode: async (bytes) => pictureOf(bytes),
    sample: async (bytes, format: InputFormat) => toTensor(pictureOf(bytes), format),
    trim() {},
  };
  const segmenter = await createSegmenter({ model: files, runtime, decoder });
  const images = Array.from({ length: golden.group }, (_, i) => ({
    id: `picture ${i}`,
    bytes: Uint8Array.of(i),
  }));
  let consensus = new Float32Array();
  const masks: ImageMask[] = [];
  for await (const mask of segmenter.segment(images, {
    onEvent: (event) => {
      if (event.stage === "consensus") consensus = new Float32Array(event.consensus.data);
    },
  })) {
    masks.push(mask);
  }
  return { consensus, masks };
}

/** Logits of the golden pictures through the graphs alone, under the golden consensus. */
export async function decodeGolden(
  golden: Golden,
  files: ModelFiles,
  runtime: Runtime,
): Promise<Float32Array[]> {
  const { manifest } = await describeModel(files);
  const { input, graphs } = manifest;
  const encoder = await runtime.open(await files(graphs.encoder.file));
  const decoder = await runtime.open(await files(graphs.decoder.file));
  const consensus = { data: golden.floats("consensus"), dims: manifest.consensus.shape };
  const logits: Float32Array[] = [];
  for (let i = 0; i < golden.group; i++) {
    const image = {
      data: toTensor(golden.picture(i), input),
      dims: [1, 3, input.height, input.width],
    };
    const features = await encoder.run({ image });
    const inputs = Object.keys(graphs.decoder.inputs).map((name) => [
      name,
      name === "consensus" ? consensus : features[name],
    ]);
    const outputs = await decoder.run(Object.fromEntries(inputs));
    logits.push(outputs.logits?.data as Float32Array);
  }
  return logits;
}

/** Mean difference of two masks, 0..1, given as logits. */
export function meanMaskDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  const mask = (logit: number) => 1 / (1 + Math.exp(-logit));
  return a.reduce((sum, logit, i) => sum + Math.abs(mask(logit) - mask(b[i]!)), 0) / a.length;
}

/** Share of pixels that are object in one mask and not in the other. */
export function flippedPixels(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  return a.reduce((flips, logit, i) => flips + Number(logit >= 0 !== b[i]! >= 0), 0) / a.length;
}

/** The model, its manifest changed. */
export function withManifest(files: ModelFiles, changes: object): ModelFiles {
  return async (name) => {
    const bytes = await files(name);
    if (name !== "manifest.json") return bytes;
    const manifest = JSON.parse(new TextDecoder().decode(bytes));
    return new TextEncoder().encode(JSON.stringify({ ...manifest, ...changes }));
  };
}

export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}
