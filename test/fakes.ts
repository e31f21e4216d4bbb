import { type AppDependencies, type Limits, localCompute } from "../src/app/index.ts";
import {
  type Decoder,
  type ImageHeader,
  pixelLimits,
  WORKER_DECODER_HEAP,
} from "../src/codec/index.ts";
import type {
  Consensus,
  ImageInput,
  ImageMask,
  Manifest,
  Segmenter,
  SegmentOptions,
} from "../src/engine/index.ts";
import { CosalError } from "../src/errors.ts";
import { memoryStores } from "../src/group/index.ts";

const graph = { file: "x", sha256: "0".repeat(64), bytes: 1, inputs: {}, outputs: {} };

const MANIFEST: Manifest = {
  schema: 1,
  name: "fake",
  version: "1",
  licence: "MIT",
  input: { width: 32, height: 32, mean: [0, 0, 0], std: [1, 1, 1] },
  consensus: { shape: [2, 4] },
  refinements: 0,
  excludeSelf: true,
  graphs: {
    encoder: graph,
    affinity: graph,
    seed: { ...graph, inputs: { region: [1, 1, 1, 3] } },
    decoder: graph,
  },
  presence: { image: 0.5, group: 0.5 },
};

/**
 * A decoder that sees no pixels: a file is an image if it begins with "image", as many pixels wide
 * as it has bytes (16,000 at most) and 8 high; a PNG if it has "png" in it.
 */
export const fakeDecoder: Decoder = {
  types: ["image/jpeg", "image/png"],
  inspect: fakeHeader,
  async decode(bytes) {
    const { width, height } = fakeHeader(bytes);
    return {
      width,
      height,
      data: new Uint8Array(4 * width * height).map((_, i) => (i % 4 === 3 ? 255 : 200)),
    };
  },
  async sample(_, { width, height }) {
    return new Float32Array(3 * width * height);
  },
  trim() {},
};

function fakeHeader(bytes: Uint8Array): ImageHeader {
  if (!text(bytes).startsWith("image")) throw new CosalError("image_type_unsupported", "no image");
  const size = {
    width: Math.min(bytes.length, 16_000),
    height: 8,
    orientation: 1,
    cost: 10,
  } as const;
  return text(bytes).includes("png")
    ? { type: "image/png", kind: "png", ...size }
    : { type: "image/jpeg", kind: "baseline_jpeg", ...size };
}

/**
 * A segmenter of such files: the left half of each is object. What it was given is in `calls`.
 * One with "broken" in it cannot be decoded; one with "slow" takes a while.
 */
export class FakeSegmenter implements Segmenter {
  readonly name = "fake";
  readonly digest = "f".repeat(64);
  readonly manifest = MANIFEST;
  readonly calls: string[][] = [];
  readonly seeds: SegmentOptions["seeds"][] = [];

  async *segment(images: readonly ImageInput[], options: SegmentOptions = {}) {
    this.seeds.push(options.seeds ?? []);
    const encoded = await this.#encode(images, options);
    if (encoded.length === 0) throw new CosalError("group_empty", "None can be read.");
    const consensus = { model: this.digest, shape: [2, 4] as const, data: new Float32Array(8) };
    await options.onEvent?.({ stage: "consensus", consensus });
    for (const { index, id, bytes } of encoded) {
      await options.onEvent?.({ stage: "mask", index, id });
      yield fakeMask(index, id, bytes);
    }
  }

  async *segmentWith(
    consensus: Consensus,
    images: readonly ImageInput[],
    options: SegmentOptions = {},
  ) {
    if (consensus.model !== this.digest) throw new CosalError("consensus_incompatible", "no");
    for (const { index, id, bytes } of await this.#encode(images, options)) {
      yield fakeMask(index, id, bytes);
    }
  }

  async encode(images: readonly ImageInput[], options: SegmentOptions = {}) {
    await this.#encode(images, options);
  }

  async consensus(): Promise<Consensus> {
    return { model: this.digest, shape: [2, 4], data: new Float32Array(8) };
  }

  async #encode(images: readonly ImageInput[], { signal, onEvent, onError }: SegmentOptions) {
    const load = ({ bytes }: ImageInput) => (typeof bytes === "function" ? bytes() : bytes);
    const files = await Promise.all(
      images.map(async (image) => {
        try {
          return await load(image);
        } catch (error) {
          if (onError === "skip" && error instanceof CosalError) return error;
          throw error;
        }
      }),
    );
    this.calls.push(files.map((file) => (file instanceof Error ? file.code : text(file))));
    const encoded: { index: number; id: string; bytes: Uint8Array }[] = [];
    for (const [index, { id }] of images.entries()) {
      const file = files[index] as Uint8Array | CosalError;
      const bytes = file instanceof Error ? new Uint8Array() : file;
      await new Promise((resolve) => setTimeout(resolve, text(bytes).includes("slow") ? 100 : 1));
      signal?.throwIfAborted();
      const fault = file instanceof Error ? file : faultOf(bytes);
      const error = fault?.about({ index, id });
      if (error && onError !== "skip") throw error;
      if (error) await onEvent?.({ stage: "skipped", index, id, error });
      else {
        await onEvent?.({ stage: "encoded", index, id, cached: false });
        encoded.push({ index, id, bytes });
      }
    }
    return encoded;
  }
}

function faultOf(bytes: Uint8Array): CosalError | undefined {
  if (!text(bytes).startsWith("image")) return new CosalError("image_type_unsupported", "no image");
  return text(bytes).includes("broken") ? new CosalError("image_undecodable", "broken") : undefined;
}

function fakeMask(index: number, id: string, bytes: Uint8Array): ImageMask {
  return {
    index,
    id,
    width: fakeHeader(bytes).width,
    height: 8,
    coverage: 0.25,
    box: [1, 2, 3, 4],
    presence: text(bytes).includes("nothing") ? 0.25 : 0.75,
    confidence: 0.5,
    logits: {
      width: 8,
      height: 8,
      data: Float32Array.from({ length: 64 }, (_, i) => 8 - 3 * (i % 8)),
    },
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

const backend = { images: 64, pixels: 1_000_000, totalPixels: 200_000 };

export const FAKE_LIMITS: Limits = {
  bodyBytes: 2 * 1024 * 1024,
  memoryBytes: 2 * 1024 * 1024,
  sharedMemoryBytes: 4 * 1024 * 1024,
  spoolBytes: 2 * 1024 * 1024,
  imageBytes: 1024 * 1024,
  images: 64,
  seconds: 10,
  imagePixels: pixelLimits(WORKER_DECODER_HEAP),
  renderedPixels: 100_000,
  responsePixels: 1_000_000,
  synchronousImages: 64,
  backends: { wasm: backend },
};

/** A host of the app in memory, and a look behind it. */
export function fakeHost(changes: Partial<AppDependencies> = {}) {
  const segmenter = new FakeSegmenter();
  const stores = memoryStores();
  const log: Record<string, unknown>[] = [];
  const dependencies: AppDependencies = {
    models: async () => [segmenter],
    stores,
    compute: localCompute({
      name: "wasm",
      reason: "no other backend",
      segmenter: async () => segmenter,
    }),
    decoder: fakeDecoder,
    limits: FAKE_LIMITS,
    log: (entry) => log.push(entry),
    ...changes,
  };
  return { dependencies, segmenter, stores, log };
}
