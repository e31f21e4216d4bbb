import { fromHalves, toHalves } from "../codec/float16.ts";
import { CosalError } from "../errors.ts";
import type { GraphName, Manifest } from "./manifest.ts";
import type { Tensor, Tensors } from "./runtime/runtime.ts";

/** What is kept of an image after encoding. */
export interface Features {
  /** Size of the upright photograph in pixels. */
  readonly width: number;
  readonly height: number;
  /** Encoded by `FeatureFormat`. */
  readonly record: Uint8Array;
}

const MAGIC = 0x434f5346; // "COSF"
const VERSION = 1;
const HEADER_BYTES = 16;
/** Each part starts at a multiple of this, so that typed arrays can view it. */
const ALIGNMENT = 4;
/** Graphs that compute the consensus. */
const COMPARING: readonly GraphName[] = ["affinity", "refine", "seed"];

interface Part {
  readonly name: string;
  readonly dims: readonly number[];
  readonly length: number;
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** For "bytes", the numbers of a channel are `first + step * byte`. */
  readonly kind: "halves" | "bytes";
}

/**
 * The encoder's outputs for one image as a single record, used both in memory and in caches. As
 * float32, 64 images of cosal-lite would need 93 MB of an isolate's 128. So the tensors that the
 * consensus is computed from are stored as float16, and those that only the decoder reads (the
 * laterals, five sixths of all) in 8 bits with a scale per channel: 27 MB. On the photographs of
 * examples/, masks differ from float32's by 1e-4 on average and by 5e-4 in the worst image; with
 * float16 throughout (47 MB), by less than 1e-6.
 *
 * ```text
 * 0   "COSF", version, width, height of the photograph (uint32, big-endian)
 * 16  each output of the encoder, in the order of their names, at the next multiple of 4,
 *     little-endian:
 *       float16 numbers; or
 *       for each channel first and step (float32), then for each number a byte
 * ```
 *
 * Shapes come from the manifest, so a record belongs to one model, and its key contains the model's
 * digest.
 */
export class FeatureFormat {
  /** Size of one record. */
  readonly bytes: number;
  private readonly parts: readonly Part[];

  constructor({ graphs }: Manifest) {
    const compared = new Set(COMPARING.flatMap((name) => Object.keys(graphs[name]?.inputs ?? {})));
    let end = HEADER_BYTES;
    this.parts = Object.entries(graphs.encoder.outputs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, shape]) => {
        const dims = shape.map((side) => (typeof side === "number" ? side : 1));
        const length = dims.reduce((product, side) => product * side, 1);
        const kind = compared.has(name) ? "halves" : "bytes";
        const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
        end = offset + (kind === "halves" ? 2 * length : 8 * channelsOf(dims) + length);
        return { name, dims, length, offset, kind };
      });
    this.bytes = end;
  }

  /** @throws CosalError model_invalid if a tensor is missing or has the wrong size */
  pack(width: number, height: number, tensors: Tensors): Features {
    const record = new Uint8Array(this.bytes);
    const header = new DataView(record.buffer);
    header.setUint32(0, MAGIC);
    header.setUint32(4, VERSION);
    header.setUint32(8, width);
    header.setUint32(12, height);
    for (const part of this.parts) {
      const data = tensors[part.name]?.data;
      if (data?.length !== part.length) {
        throw new CosalError(
          "model_invalid",
          `the encoder's ${part.name} does not have ${part.length} values`,
        );
      }
      if (part.kind === "halves") halvesOf(record, part).set(toHalves(data));
      else packBytes(data, bytesOf(record, part));
    }
    return { width, height, record };
  }

  /** Reads a cached record. Undefined if its version or size is different. */
  parse(bytes: Uint8Array): Features | undefined {
    if (bytes.byteLength !== this.bytes) return undefined;
    const aligned = bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice();
    const header = new DataView(aligned.buffer, aligned.byteOffset);
    if (header.getUint32(0) !== MAGIC || header.getUint32(4) !== VERSION) return undefined;
    return { width: header.getUint32(8), height: header.getUint32(12), record: aligned };
  }

  /** The named tensors of an image. */
  unpack({ record }: Features, names: Iterable<string>): Tensors {
    const wanted = new Set(names);
    return Object.fromEntries(
      this.parts
        .filter(({ name }) => wanted.has(name))
        .map((part) => [part.name, unpackPart(record, part)]),
    );
  }
}

function unpackPart(record: Uint8Array, part: Part): Tensor {
  const { dims } = part;
  if (part.kind === "halves") return { dims, data: fromHalves(halvesOf(record, part)) };
  return { dims, data: unpackBytes(bytesOf(record, part)) };
}

/** `[batch, channels, ...]` */
function channelsOf(dims: readonly number[]): number {
  return dims[1] ?? 1;
}

function halvesOf(record: Uint8Array, { offset, length }: Part): Uint16Array {
  return new Uint16Array(record.buffer, record.byteOffset + offset, length);
}

interface ScaledBytes {
  /** `[channels, 2]`: first and step. */
  readonly scales: Float32Array;
  readonly bytes: Uint8Array;
}

function bytesOf(record: Uint8Array, { offset, length, dims }: Part): ScaledBytes {
  const start = record.byteOffset + offset;
  const channels = channelsOf(dims);
  return {
    scales: new Float32Array(record.buffer, start, 2 * channels),
    bytes: new Uint8Array(record.buffer, start + 8 * channels, length),
  };
}

function packBytes(data: Float32Array, { scales, bytes }: ScaledBytes): void {
  const size = (2 * data.length) / scales.length;
  for (let channel = 0; 2 * channel < scales.length; channel++) {
    const start = channel * size;
    const end = start + size;
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (let i = start; i < end; i++) {
      const value = data[i] as number;
      if (value < first) first = value;
      if (value > last) last = value;
    }
    const step = (last - first) / 255;
    scales[2 * channel] = first;
    scales[2 * channel + 1] = step;
    const inverse = step > 0 ? 1 / step : 0;
    for (let i = start; i < end; i++) bytes[i] = ((data[i] as number) - first) * inverse + 0.5;
  }
}

function unpackBytes({ scales, bytes }: ScaledBytes): Float32Array {
  const data = new Float32Array(bytes.length);
  const size = (2 * data.length) / scales.length;
  for (let channel = 0; 2 * channel < scales.length; channel++) {
    const first = scales[2 * channel] as number;
    const step = scales[2 * channel + 1] as number;
    const end = (channel + 1) * size;
    for (let i = channel * size; i < end; i++) data[i] = first + step * (bytes[i] as number);
  }
  return data;
}
