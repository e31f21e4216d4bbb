import { type Decoder, encodeGreyPng, type Logits, maskRows, measureMask } from "../codec/index.ts";
import { CosalError, type ImageReference } from "../errors.ts";
import { affinityWeights, ConsensusMean } from "./consensus.ts";
import { Graphs } from "./graphs.ts";
import type { Manifest } from "./manifest.ts";
import { describeModel } from "./model.ts";
import type { Runtime, Tensor, Tensors } from "./runtime/runtime.ts";
import type {
  Consensus,
  ImageInput,
  ImageMask,
  ModelFiles,
  Segmenter,
  SegmentOptions,
} from "./types.ts";

/**
 * Images of one group. Their features stay in memory until the last mask is made: 0.9 MB each with
 * cosal-lite, 60 MB in all.
 */
export const MAX_GROUP = 64;

export interface SegmenterParts {
  readonly model: ModelFiles;
  readonly runtime: Runtime;
  readonly decoder: Decoder;
}

/**
 * Reads the model's manifest. Its graphs are loaded by the first group, and stay.
 *
 * @throws CosalError model_invalid
 * @example
 * ```ts
 * const segmenter = await createSegmenter({ model, runtime: nodeRuntime(), decoder: nodeDecoder() });
 * for await (const mask of segmenter.segment(images)) await writeFile(mask.id, await mask.png());
 * ```
 */
export async function createSegmenter(parts: SegmenterParts): Promise<Segmenter> {
  const { manifest, digest } = await describeModel(parts.model);
  const graphs = new Graphs(manifest, parts.model, parts.runtime);
  return {
    name: manifest.name,
    digest,
    manifest,
    segment: (images, options = {}) =>
      segment({ manifest, digest, graphs, decoder: parts.decoder }, images, options),
  };
}

interface Network {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly graphs: Graphs;
  readonly decoder: Decoder;
}

/** What stays of an image once it is encoded: the encoder's outputs, by name. */
interface Encoded {
  readonly width: number;
  readonly height: number;
  readonly features: Tensors;
}

/** The streaming form of the network: one image's pixels and activations at a time. */
async function* segment(
  network: Network,
  images: readonly ImageInput[],
  { signal, onEvent = () => {} }: SegmentOptions,
): AsyncGenerator<ImageMask> {
  signal?.throwIfAborted();
  inspect(network.decoder, images);
  const encoded: Encoded[] = [];
  const input = new Float32Array(3 * network.manifest.input.height * network.manifest.input.width);
  try {
    for (const [index, image] of images.entries()) {
      encoded.push(await encode(network, image, index, input, onEvent));
      signal?.throwIfAborted();
    }
  } finally {
    network.decoder.trim();
  }
  const consensus = await distil(network, encoded, signal);
  await onEvent({ stage: "consensus", consensus });
  for (const [index, image] of encoded.entries()) {
    const { id } = images[index] as ImageInput;
    const mask = await decode(network, image, consensus, { index, id });
    await onEvent({ stage: "mask", index, id });
    yield mask;
    signal?.throwIfAborted();
  }
}

/** Every header before any pixel: a group with a broken image costs nothing. */
function inspect(decoder: Decoder, images: readonly ImageInput[]): void {
  if (images.length === 0) {
    throw new CosalError("group_empty", "The group has no image; at least one is needed.");
  }
  if (images.length > MAX_GROUP) {
    throw new CosalError(
      "group_too_large",
      `The group has ${images.length} images; at most ${MAX_GROUP} are taken.`,
      { limit: { name: "images", limit: MAX_GROUP, actual: images.length } },
    );
  }
  for (const [index, { id, bytes }] of images.entries()) {
    try {
      decoder.inspect(bytes);
    } catch (error) {
      throw about(error, { index, id });
    }
  }
}

async function encode(
  { manifest, graphs, decoder }: Network,
  { id, bytes }: ImageInput,
  index: number,
  input: Float32Array,
  onEvent: NonNullable<SegmentOptions["onEvent"]>,
): Promise<Encoded> {
  const { width, height } = decoder.inspect(bytes);
  let data: Float32Array;
  try {
    data = await decoder.sample(bytes, manifest.input, input);
  } catch (error) {
    throw about(error, { index, id });
  }
  await onEvent({ stage: "decoded", index, id, width, height });
  const image = { data, dims: [1, 3, manifest.input.height, manifest.input.width] };
  const features = await graphs.run("encoder", { image });
  await onEvent({ stage: "encoded", index, id });
  return { width, height, features };
}

/**
 * The group's consensus: each image proposes prototypes of what it shares with the others (GCoNet+,
 * group affinity module), then again of what it shares with the consensus so far.
 */
async function distil(
  { manifest, digest, graphs }: Network,
  group: readonly Encoded[],
  signal: AbortSignal | undefined,
): Promise<Consensus> {
  const { shape } = manifest.consensus;
  const keys = concat(group.map(({ features }) => features.keys as Tensor));
  let data: Float32Array = new Float32Array();
  for (let round = 0; round <= manifest.refinements; round++) {
    const mean = new ConsensusMean(shape);
    for (const [i, { features }] of group.entries()) {
      if (round === 0) {
        const weights = affinityWeights(group.length, i, manifest.excludeSelf);
        const row = { data: weights, dims: [1, group.length] };
        mean.add(await graphs.run("affinity", { ...features, keys, weights: row }));
      } else {
        mean.add(await graphs.run("refine", { ...features, consensus: { data, dims: shape } }));
      }
      signal?.throwIfAborted();
    }
    data = mean.mean();
  }
  return { model: digest, shape, data };
}

async function decode(
  { graphs }: Network,
  { width, height, features }: Encoded,
  consensus: Consensus,
  { index, id }: Required<ImageReference>,
): Promise<ImageMask> {
  const outputs = await graphs.run("decoder", {
    ...features,
    consensus: { data: consensus.data, dims: consensus.shape },
  });
  const logits = toLogits(outputs.logits as Tensor);
  const presence = (outputs.presence as Tensor).data[0] as number;
  return {
    index,
    id,
    width,
    height,
    ...measureMask(logits, width, height),
    presence,
    logits,
    png: () => encodeGreyPng(width, height, maskRows(logits, width, height)),
  };
}

/** `[1, 1, height, width]` */
function toLogits({ data, dims }: Tensor): Logits {
  return { width: dims[3] as number, height: dims[2] as number, data };
}

/** Tensors one after another along the first axis. */
function concat(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (!first) throw new Error("nothing to concatenate");
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  return { data, dims: [tensors.length * (first.dims[0] as number), ...first.dims.slice(1)] };
}

function about(error: unknown, image: ImageReference): unknown {
  return error instanceof CosalError ? error.about(image) : error;
}
