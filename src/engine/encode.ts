import type { Decoder } from "../codec/index.ts";
import { CosalError } from "../errors.ts";
import type { FeatureFormat, Features } from "./features.ts";
import type { Graphs } from "./graphs.ts";
import type { Manifest } from "./manifest.ts";
import { sha256 } from "./model.ts";
import type { Progress } from "./progress.ts";
import type { FeatureCache, ImageInput } from "./types.ts";

/** Everything that is needed to run a group. */
export interface Network {
  readonly manifest: Manifest;
  /** Digest of the model. */
  readonly digest: string;
  readonly graphs: Graphs;
  readonly decoder: Decoder;
  readonly format: FeatureFormat;
  readonly cache: FeatureCache | undefined;
  /** Graph runs in flight. */
  readonly concurrency: number;
}

/**
 * Turns images into features, either from the cache or by decoding them and running the encoder.
 * One per group.
 */
export class ImageEncoder {
  private readonly network: Network;
  private readonly progress: Progress;
  /**
   * Input buffers that are free at the moment. There are as many as images being encoded at once.
   */
  private readonly inputs: Float32Array[] = [];

  constructor(network: Network, progress: Progress) {
    this.network = network;
    this.progress = progress;
  }

  /** @throws CosalError image_*, naming the image; whatever `image.bytes` rejects with */
  async encode(image: ImageInput, index: number): Promise<Features> {
    this.progress.check();
    try {
      return await this.find(image, index);
    } catch (error) {
      throw aboutImage(error, image, index);
    }
  }

  private async find(image: ImageInput, index: number): Promise<Features> {
    const { cache, digest: model } = this.network;
    if (!cache) return this.make(image, index, await load(image));
    let file: Uint8Array | undefined;
    let { digest } = image;
    if (digest === undefined) {
      file = await load(image);
      digest = await sha256(file);
    }
    const key = `${model}/${digest}`;
    const known = await this.lookUp(cache, key);
    if (known) {
      await this.progress.report({ stage: "encoded", index, id: image.id, cached: true });
      return known;
    }
    const features = await this.make(image, index, file ?? (await load(image)));
    await cache.put(key, features.record).catch(() => {});
    return features;
  }

  private async lookUp(cache: FeatureCache, key: string): Promise<Features | undefined> {
    const bytes = await cache.get(key).catch(() => undefined);
    return bytes && this.network.format.parse(bytes);
  }

  private async make({ id }: ImageInput, index: number, file: Uint8Array): Promise<Features> {
    const { manifest, graphs, decoder, format } = this.network;
    const { width, height } = decoder.inspect(file);
    const sides = [manifest.input.height, manifest.input.width] as const;
    const input = this.inputs.pop() ?? new Float32Array(3 * sides[0] * sides[1]);
    const data = await decoder.sample(file, manifest.input, input);
    await this.progress.report({ stage: "decoded", index, id, width, height });
    const outputs = await graphs.run("encoder", { image: { data, dims: [1, 3, ...sides] } });
    this.inputs.push(input);
    const features = format.pack(width, height, outputs);
    await this.progress.report({ stage: "encoded", index, id, cached: false });
    return features;
  }
}

/** The file of an image. */
export function load({ bytes }: ImageInput): Promise<Uint8Array> | Uint8Array {
  return typeof bytes === "function" ? bytes() : bytes;
}

/** Adds the image's name to an error that is about an image. */
export function aboutImage(error: unknown, { id }: ImageInput, index: number): unknown {
  return isImageFault(error) ? error.about({ index, id }) : error;
}

/** Whether an image is at fault, so that the group can continue without it. */
export function isImageFault(error: unknown): error is CosalError {
  return error instanceof CosalError && error.isCallerFault;
}
