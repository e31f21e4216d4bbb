import { type Decoder, type Logits, measureMask } from "../codec/index.ts";
import { CosalError } from "../errors.ts";
import { mapConcurrently } from "./concurrent-map.ts";
import { confidenceOf, presenceOf } from "./confidence.ts";
import { requireShape } from "./consensus-file.ts";
import { aboutImage, ImageEncoder, isImageFault, type Network } from "./encode.ts";
import { FeatureFormat, type Features } from "./features.ts";
import { figuresOf } from "./figures.ts";
import { Graphs, logitsOf } from "./graphs.ts";
import { computeConsensus, type Regions } from "./group-consensus.ts";
import { withoutUnlike } from "./likeness.ts";
import { describeModel } from "./model.ts";
import { Progress } from "./progress.ts";
import type { Runtime, Tensor } from "./runtime/runtime.ts";
import { lookAgain } from "./second-look.ts";
import { checkSeeds, regionOf, seedGrid } from "./seeds.ts";
import type {
  Consensus,
  FeatureCache,
  ImageInput,
  ImageMask,
  ModelFiles,
  Segmenter,
  SegmentOptions,
} from "./types.ts";

/** Images in one group. Their features stay in memory until the last mask is done. */
export const MAX_GROUP = 64;

export interface SegmenterParts {
  readonly model: ModelFiles;
  readonly runtime: Runtime;
  readonly decoder: Decoder;
  /** Where features are kept between groups; nowhere by default. */
  readonly features?: FeatureCache;
  /**
   * Images processed concurrently, 1 by default: then at most one image's pixels and activations
   * are in memory. More is useful for a runtime that batches concurrent runs.
   */
  readonly concurrency?: number;
}

/**
 * Reads the model's manifest. Graphs are loaded by the first group and stay loaded.
 *
 * @throws CosalError model_invalid
 * @example
 * ```ts
 * const segmenter = await createSegmenter({ model, runtime: nodeRuntime(), decoder: nodeDecoder() });
 * for await (const mask of segmenter.segment(images)) await writeFile(mask.id, await maskPng(mask));
 * ```
 */
export async function createSegmenter(parts: SegmenterParts): Promise<Segmenter> {
  const { manifest, digest } = await describeModel(parts.model);
  const network: Network = {
    manifest,
    digest,
    graphs: new Graphs(manifest, parts.model, parts.runtime),
    decoder: parts.decoder,
    format: new FeatureFormat(manifest),
    cache: parts.features,
    concurrency: parts.concurrency ?? 1,
  };
  return {
    name: manifest.name,
    digest,
    manifest,
    segment: (images, options = {}) => segment(forGroup(network, options), images, options),
    segmentWith: (consensus, images, options = {}) =>
      segmentWith(forGroup(network, options), consensus, images, options),
    encode: async (images, options = {}) => {
      const progress = new Progress(options);
      await Array.fromAsync(
        encodeAll(forGroup(network, options), images, options, progress, async () => undefined),
      );
    },
    consensus: async (images, options = {}) => {
      const progress = new Progress(options);
      return (await compare(forGroup(network, options), images, options, progress)).consensus;
    },
  };
}

function forGroup(network: Network, { features }: SegmentOptions): Network {
  return {
    ...network,
    graphs: network.graphs.forGroup(),
    cache: features ?? network.cache,
  };
}

/** An image that was encoded successfully. */
interface Encoded {
  readonly index: number;
  readonly input: ImageInput;
  readonly features: Features;
}

/** Runs the network as a stream: one image's pixels and activations at a time. */
async function* segment(
  network: Network,
  images: readonly ImageInput[],
  options: SegmentOptions,
): AsyncGenerator<ImageMask> {
  const progress = new Progress(options);
  const { encoded, consensus } = await compare(network, images, options, progress);
  yield* mapConcurrently(encoded, network.concurrency, (image) =>
    decode(network, image, consensus, options, progress),
  );
}

/** The consensus of a group, and the features of its images. */
async function compare(
  network: Network,
  images: readonly ImageInput[],
  options: SegmentOptions,
  progress: Progress,
): Promise<{ encoded: readonly Encoded[]; consensus: Consensus }> {
  progress.check();
  checkSize(images);
  const seeds = options.seeds ?? [];
  if (seeds.length > 0) seedGrid(network.manifest);
  checkSeeds(seeds, images.length);
  const encoded = await Array.fromAsync(
    encodeAll(network, images, options, progress, async (image) => image),
  );
  if (encoded.length === 0) {
    throw new CosalError("group_empty", `None of the ${images.length} images could be decoded.`);
  }
  const regions = regionsOf(network, encoded, options);
  const features = encoded.map((image) => image.features);
  const consensus = await computeConsensus(network, features, regions, progress);
  await progress.report({ stage: "consensus", consensus });
  return { encoded, consensus };
}

async function* segmentWith(
  network: Network,
  consensus: Consensus,
  images: readonly ImageInput[],
  options: SegmentOptions,
): AsyncGenerator<ImageMask> {
  const { manifest, digest } = network;
  const progress = new Progress(options);
  progress.check();
  if (images.length === 0) throw nothing();
  if (consensus.model !== digest) {
    throw new CosalError(
      "consensus_incompatible",
      `The consensus was made by model ${consensus.model}; this is ${manifest.name}, ${digest}.`,
    );
  }
  requireShape(consensus, manifest);
  yield* encodeAll(network, images, options, progress, (image) =>
    decode(network, image, consensus, options, progress),
  );
}

/**
 * Encodes each image, applies `use` to those that can be encoded, and yields the results in order.
 */
async function* encodeAll<Result>(
  network: Network,
  images: readonly ImageInput[],
  { onError = "fail" }: SegmentOptions,
  progress: Progress,
  use: (image: Encoded) => Promise<Result>,
): AsyncGenerator<Result> {
  if (onError === "fail") inspect(network.decoder, images);
  const encoder = new ImageEncoder(network, progress);
  const encode = async (image: ImageInput, index: number) => {
    try {
      return await encoder.encode(image, index);
    } catch (error) {
      if (onError === "fail" || !isImageFault(error)) throw error;
      await progress.report({ stage: "skipped", index, id: image.id, error });
      return undefined;
    }
  };
  const results = mapConcurrently(images.entries(), network.concurrency, async ([index, image]) => {
    const features = await encode(image, index);
    return features && { result: await use({ index, input: image, features }) };
  });
  try {
    for await (const made of results) if (made) yield made.result;
  } finally {
    network.decoder.trim();
  }
}

function checkSize({ length }: readonly ImageInput[]): void {
  if (length === 0) throw nothing();
  if (length > MAX_GROUP) {
    throw new CosalError(
      "group_too_large",
      `The group has ${length} images; at most ${MAX_GROUP} are taken.`,
      { limit: { name: "images", limit: MAX_GROUP, actual: length } },
    );
  }
}

function nothing(): CosalError {
  return new CosalError("group_empty", "The group has no images; it needs at least one.");
}

/**
 * Checks all available headers before decoding any pixels, so that a group with a broken image
 * costs nothing.
 */
function inspect(decoder: Decoder, images: readonly ImageInput[]): void {
  for (const [index, image] of images.entries()) {
    if (typeof image.bytes === "function") continue;
    try {
      decoder.inspect(image.bytes);
    } catch (error) {
      throw aboutImage(error, image, index);
    }
  }
}

/**
 * The seeds' regions, by position among the remaining images. An image with negative seeds alone says
 * too little to stand beside one that shows the object (models/cosal-lite/README.md has the figures):
 * it counts only where no image has a positive one.
 */
function regionsOf(
  { manifest }: Network,
  encoded: readonly Encoded[],
  { seeds = [] }: SegmentOptions,
): Regions {
  const regions = new Map<number, Tensor>();
  if (seeds.length === 0) return regions;
  const grid = seedGrid(manifest);
  const examples = new Set(seeds.flatMap(({ image, negative }) => (negative ? [] : [image])));
  const hasExample = encoded.some(({ index }) => examples.has(index));
  for (const [place, { index, input, features }] of encoded.entries()) {
    const marks = seeds.filter(({ image }) => image === index);
    if (marks.length === 0) continue;
    try {
      const region = regionOf(marks, features, grid);
      if (examples.has(index) || !hasExample) regions.set(place, region);
    } catch (error) {
      throw aboutImage(error, input, index);
    }
  }
  if (regions.size === 0) {
    throw new CosalError("seed_invalid", "Every image with a seed was skipped.");
  }
  return regions;
}

async function decode(
  network: Network,
  { index, input, features }: Encoded,
  consensus: Consensus,
  { detail = "normal" }: SegmentOptions,
  progress: Progress,
): Promise<ImageMask> {
  progress.check();
  const { manifest, graphs, format } = network;
  const tensors = format.unpack(features, graphs.inputs("decoder"));
  const outputs = await graphs.run("decoder", {
    ...tensors,
    consensus: { data: consensus.data, dims: consensus.shape },
  });
  const alike = (found: Logits) =>
    manifest.likeness === undefined
      ? found
      : withoutUnlike(found, tensors.features as Tensor, consensus, manifest.likeness);
  const first = alike(logitsOf(outputs.logits as Tensor));
  const second = detail === "high" && (await lookAgain(network, input, index, first, consensus));
  const logits = second ? alike(second) : first;
  const { width, height } = features;
  const presence = (outputs.presence as Tensor).data[0] as number;
  const { confidence, presenceWeights } = manifest;
  const figures =
    (confidence ?? presenceWeights) && figuresOf(logits, tensors.features as Tensor, consensus);
  const mask: ImageMask = {
    index,
    id: input.id,
    width,
    height,
    ...measureMask(logits, width, height),
    presence:
      figures && presenceWeights ? presenceOf(presence, figures, presenceWeights) : presence,
    ...(figures && confidence && { confidence: confidenceOf(figures, confidence) }),
    logits,
  };
  await progress.report({ stage: "mask", index, id: input.id });
  return mask;
}
