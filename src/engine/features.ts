import { CosalError } from "../errors.ts";
import type { Manifest } from "./manifest.ts";
import type { Tensor, Tensors } from "./runtime/runtime.ts";

/** What stays of an image once it is encoded. */
export interface Features {
  /** Size of the photograph in pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** The record of `FeatureFormat`. */
  readonly record: Uint8Array;
}

const MAGIC = 0x434f5346; // "COSF"
const VERSION = 1;
const HEADER_BYTES = 16;

interface Part {
  readonly name: string;
  readonly dims: readonly number[];
  readonly length: number;
  /** Bytes from the start of the record. */
  readonly offset: number;
}

/**
 * The encoder's outputs of one image as one record, both in memory and in a cache: float16, since
 * 64 images in float32 would fill an isolate (cosal-lite: 1.4 MB each).
 *
 * ```text
 * 0   "COSF", version (uint32), width, height of the photograph (uint32), big-endian
 * 16  each output of the encoder, in the order of their names: float16, little-endian
 * ```
 *
 * The shapes are the manifest's, so a record belongs to one model: its key has the model's digest.
 */
export class FeatureFormat {
  /** Of one record. */
  readonly bytes: number;
  private readonly parts: readonly Part[];

  constructor(manifest: Manifest) {
    let offset = HEADER_BYTES;
    this.parts = Object.entries(manifest.graphs.encoder.outputs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, shape]) => {
        const dims = shape.map((side) => (typeof side === "number" ? side : 1));
        const length = dims.reduce((product, side) => product * side, 1);
        const part = { name, dims, length, offset };
        offset += 2 * length;
        return part;
      });
    this.bytes = offset;
  }

  /** @throws CosalError model_invalid when a tensor is missing or has another size */
  pack(width: number, height: number, tensors: Tensors): Features {
    const record = new Uint8Array(this.bytes);
    const header = new DataView(record.buffer);
    header.setUint32(0, MAGIC);
    header.setUint32(4, VERSION);
    header.setUint32(8, width);
    header.setUint32(12, height);
    for (const { name, length, offset } of this.parts) {
      const data = tensors[name]?.data;
      if (data?.length !== length) {
        throw new CosalError(
          "model_invalid",
          `the encoder's ${name} does not have ${length} values`,
        );
      }
      new Float16Array(record.buffer, offset, length).set(data);
    }
    return { width, height, record };
  }

  /** What a cache has kept; undefined when it is no record of this version and size. */
  parse(bytes: Uint8Array): Features | undefined {
    if (bytes.byteLength !== this.bytes) return undefined;
    const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
    const header = new DataView(aligned.buffer, aligned.byteOffset);
    if (header.getUint32(0) !== MAGIC || header.getUint32(4) !== VERSION) return undefined;
    return { width: header.getUint32(8), height: header.getUint32(12), record: aligned };
  }

  /** Those of an image's tensors that are named. */
  unpack({ record }: Features, names: Iterable<string>): Tensors {
    const wanted = new Set(names);
    return Object.fromEntries(
      this.parts
        .filter(({ name }) => wanted.has(name))
        .map((part) => [part.name, this.tensor(record, part)]),
    );
  }

  private tensor(record: Uint8Array, { dims, length, offset }: Part): Tensor {
    const half = new Float16Array(record.buffer, record.byteOffset + offset, length);
    return { dims, data: new Float32Array(half) };
  }
}
