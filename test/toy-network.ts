import type { Decoder } from "../src/codec/index.ts";
import {
  createSegmenter,
  type ImageInput,
  type ModelFiles,
  type Runtime,
  type Segmenter,
  type SegmenterParts,
  type Tensors,
} from "../src/engine/index.ts";
import { CosalError } from "../src/errors.ts";

// A toy network: an image is one number v. features = v, keys = v; affinity proposes the weighted
// sum of the keys, seed what the region's cells (two, side by side) make of v: the first counts 1,
// the second 10; refine moves half way from the consensus to v, and the mask's logit is v minus the
// consensus. The graphs' bytes are their names, so that the runtime knows which is which.
const GRAPHS = {
  encoder: { inputs: ["image"], outputs: ["features", "keys"] },
  affinity: { inputs: ["features", "keys", "weights"], outputs: ["sums", "mass"] },
  refine: { inputs: ["features", "consensus"], outputs: ["sums", "mass"] },
  seed: { inputs: ["features", "region"], outputs: ["sums", "mass"] },
  decoder: { inputs: ["features", "consensus"], outputs: ["logits", "presence"] },
};
type Graph = keyof typeof GRAPHS;
const SIZES: Record<Graph, number> = { encoder: 9, decoder: 8, refine: 3, affinity: 2, seed: 1 };

const number = (tensors: Tensors, name: string) => tensors[name]?.data[0] as number;
const scalar = (value: number, dims: number[]) => ({ data: Float32Array.of(value), dims });

function compute(graph: Graph, inputs: Tensors): Tensors {
  switch (graph) {
    case "encoder": {
      const value = number(inputs, "image");
      return { features: scalar(value, [1, 1]), keys: scalar(value, [1, 1]) };
    }
    case "affinity": {
      const weights = inputs.weights?.data as Float32Array;
      const keys = inputs.keys?.data as Float32Array;
      const sum = weights.reduce((total, weight, i) => total + weight * (keys[i] as number), 0);
      return { sums: scalar(sum, [1, 1, 1]), mass: scalar(1, [1, 1]) };
    }
    case "seed": {
      const [first = 0, second = 0] = inputs.region?.data ?? [];
      const value = number(inputs, "features") * (first + 10 * second);
      return { sums: scalar(value, [1, 1, 1]), mass: scalar(1, [1, 1]) };
    }
    case "refine": {
      const value = (number(inputs, "features") + number(inputs, "consensus")) / 2;
      return { sums: scalar(2 * value, [1, 1, 1]), mass: scalar(2, [1, 1]) };
    }
    case "decoder": {
      const value = number(inputs, "features") - number(inputs, "consensus");
      return { logits: scalar(value, [1, 1, 1, 1]), presence: scalar(0.25, [1]) };
    }
  }
}

/** @param changes to the manifest */
export async function toyModel(changes: object = {}): Promise<ModelFiles> {
  const graphs: Record<string, object> = {};
  for (const [name, { inputs, outputs }] of Object.entries(GRAPHS)) {
    const bytes = new TextEncoder().encode(name);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    graphs[name] = {
      file: name,
      sha256: Buffer.from(hash).toString("hex"),
      bytes: SIZES[name as Graph],
      inputs: Object.fromEntries(
        inputs.map((input) => [input, input === "region" ? ["batch", 1, 1, 2] : ["batch", 1]]),
      ),
      outputs: Object.fromEntries(outputs.map((output) => [output, ["batch", 1]])),
    };
  }
  const manifest = {
    schema: 1,
    name: "toy",
    version: "1",
    licence: "MIT",
    input: { width: 1, height: 1, mean: [0, 0, 0], std: [1, 1, 1] },
    consensus: { shape: [1, 1] },
    refinements: 0,
    excludeSelf: true,
    graphs,
    ...changes,
  };
  return async (name) =>
    new TextEncoder().encode(name === "manifest.json" ? JSON.stringify(manifest) : name);
}

/**
 * Bytes are [v]; 255 is an image that has a header and no pixels, 254 one without a header. Every
 * photograph is 10 x 6.
 */
export function toyDecoder(log: string[] = []): Decoder {
  return {
    types: ["image/png"],
    inspect(bytes) {
      if (bytes[0] === 254) throw new CosalError("image_type_unsupported", "no header");
      return { type: "image/png", kind: "png", width: 10, height: 6, orientation: 1, cost: 10 };
    },
    decode: () => Promise.reject(new Error("not used")),
    async sample(bytes) {
      if (bytes[0] === 255) throw new CosalError("image_undecodable", "no pixels");
      log.push(`sample ${bytes[0]}`);
      return Float32Array.of(bytes[0] as number, 0, 0);
    },
    trim: () => void log.push("trim"),
  };
}

/** A run takes a turn of the event loop; `log` has its beginning. */
export function toyRuntime(log: string[] = []): Runtime {
  return {
    async open(graph) {
      const name = new TextDecoder().decode(graph) as Graph;
      log.push(`open ${name}`);
      return {
        async run(inputs) {
          const taken = GRAPHS[name].inputs;
          if (Object.keys(inputs).join() !== taken.join()) throw new Error(`not ${taken}`);
          log.push(`run ${name}`);
          await new Promise((resolve) => setImmediate(resolve));
          return compute(name, inputs);
        },
        close: async () => {},
      };
    },
  };
}

export interface ToyOptions extends Omit<Partial<SegmenterParts>, "model"> {
  readonly changes?: object;
  readonly log?: string[];
}

export async function toy(options: ToyOptions = {}): Promise<Segmenter> {
  const { changes, log, ...parts } = options;
  const model = await toyModel(changes);
  return createSegmenter({ model, runtime: toyRuntime(log), decoder: toyDecoder(log), ...parts });
}

/** Images that are these numbers. */
export const group = (...values: number[]): ImageInput[] =>
  values.map((value) => ({ id: `image ${value}`, bytes: Uint8Array.of(value) }));

export const masks = (images: AsyncIterable<{ logits: { data: Float32Array } }>) =>
  Array.fromAsync(images, ({ logits }) => logits.data[0] as number);
