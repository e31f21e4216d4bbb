import type { Box, Logits } from "../codec/index.ts";
import type { CosalError } from "../errors.ts";
import type { Manifest } from "./manifest.ts";

/** One photograph: a JPEG, PNG, WebP or AVIF file. */
export interface ImageInput {
  /** What the caller calls it; errors and results carry it. */
  readonly id: string;
  /**
   * The file. A function is called when the image's turn comes, and what it gave is dropped once the
   * image is encoded, so that a group needs no more memory than its largest file; it is not called
   * at all when the image's features are known. It rejects with a CosalError when the image itself
   * is at fault (see `onError`).
   */
  readonly bytes: Uint8Array | (() => Promise<Uint8Array>);
  /** SHA-256 of the file, hex: its key in the feature cache. Computed when missing and needed. */
  readonly digest?: string;
}

/** An example of the object, marked on an image of the group. `image` is its place, from 0. */
export type Seed = { readonly image: number } & SeedMark;

export type SeedMark =
  /** Object where it is 255, not where it is 0; stretched over the upright photograph. */
  | { readonly mask: SeedMask }
  /** `[x, y, width, height]` in pixels of the upright photograph. */
  | { readonly box: Box }
  /** `[x, y]` in pixels of the upright photograph. */
  | { readonly point: readonly [number, number] };

/** Grey values 0..255, row by row: `data.length === width * height`. Any size. */
export interface SeedMask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Float64Array;
}

/** The mask of one photograph at the network's size; `cosal/codec` makes files of it. */
export interface ImageMask {
  /** Place in the group as sent, from 0. */
  readonly index: number;
  readonly id: string;
  /** Size of the photograph in pixels, after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** Share of the photograph's pixels with mask >= 0.5, 0..1. */
  readonly coverage: number;
  /** Bounding box of mask >= 0.5, or null when there is no such pixel. */
  readonly box: Box | null;
  /** How sure the network is that the photograph shows the common object, 0..1. */
  readonly presence: number;
  /**
   * The intersection over union with a drawn mask that is to be expected of this one, 0..1. Missing
   * where the model does not tell.
   */
  readonly confidence?: number;
  /** The network's logits, row by row: `data.length === width * height`. */
  readonly logits: Logits;
}

/** What the images of a group have in common: a few kilobytes, a plain value. */
export interface Consensus {
  /** Digest of the model that made it; another model cannot read it. */
  readonly model: string;
  /** `[prototypes, channels]`. */
  readonly shape: readonly [number, number];
  readonly data: Float32Array;
}

/** What has just been done. `index` and `id` name the image. */
export type SegmentEvent =
  | {
      readonly stage: "decoded";
      readonly index: number;
      readonly id: string;
      readonly width: number;
      readonly height: number;
    }
  /** `cached`: its features were known, and it was neither decoded nor encoded. */
  | {
      readonly stage: "encoded";
      readonly index: number;
      readonly id: string;
      readonly cached: boolean;
    }
  | { readonly stage: "consensus"; readonly consensus: Consensus }
  | { readonly stage: "mask"; readonly index: number; readonly id: string }
  /** `onError: "skip"`: the image has no part in the group and gets no mask. */
  | {
      readonly stage: "skipped";
      readonly index: number;
      readonly id: string;
      readonly error: CosalError;
    };

export interface SegmentOptions {
  /** Stops between two graph runs; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970 after which no graph run is begun: CosalError deadline_exceeded. */
  readonly deadline?: number;
  /**
   * Told of each step. The next one waits for what this returns: that is where a host whose only
   * thread the graphs run on lets others have a turn.
   */
  readonly onEvent?: (event: SegmentEvent) => void | Promise<void>;
  /**
   * What an image does that cannot be read: "fail" (default) ends the group with its error, "skip"
   * leaves it out, with an event. A group of which nothing is left is group_empty.
   */
  readonly onError?: "fail" | "skip";
  /**
   * Marked examples. The first consensus then comes from them alone instead of from what the images
   * share, and is refined over the whole group. With `onError: "skip"`, a seed on an image that was
   * left out is left out too.
   */
  readonly seeds?: readonly Seed[];
  /** Where this group's features are looked up and kept, instead of where the segmenter's are. */
  readonly features?: FeatureCache;
}

export interface Segmenter {
  /** The model's name, e.g. "cosal-lite". */
  readonly name: string;
  /** SHA-256, hex, of everything in the model that results depend on. */
  readonly digest: string;
  readonly manifest: Manifest;
  /**
   * The masks of a group, in the order sent, each as soon as it is ready. Every image whose bytes
   * are there is checked (type, size) before the first one is decoded.
   *
   * @throws CosalError group_empty, group_too_large, image_* (naming the image), seed_invalid,
   * seeds_unsupported, deadline_exceeded, model_invalid
   */
  segment(images: readonly ImageInput[], options?: SegmentOptions): AsyncIterable<ImageMask>;
  /**
   * The masks of images under a consensus that exists. They have no part in it and do not see each
   * other: any number of them, each encoded and decoded before the next.
   *
   * @throws CosalError as `segment`, and consensus_incompatible
   */
  segmentWith(
    consensus: Consensus,
    images: readonly ImageInput[],
    options?: Omit<SegmentOptions, "seeds">,
  ): AsyncIterable<ImageMask>;
  /**
   * Runs images through the encoder, so that their features are in the cache when a group or a
   * consensus needs them: several threads that share a cache can so prepare one group together.
   *
   * @throws CosalError as `segment`
   */
  encode(images: readonly ImageInput[], options?: Omit<SegmentOptions, "seeds">): Promise<void>;
  /**
   * What the images have in common, without masks.
   *
   * @throws CosalError as `segment`
   */
  consensus(images: readonly ImageInput[], options?: SegmentOptions): Promise<Consensus>;
}

/**
 * Features of images that were encoded before: bytes by key, `${model digest}/${image digest}`. A
 * cache that fails or has lost a value costs time, never a result: what rejects counts as a miss.
 */
export interface FeatureCache {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** Reads a file of the model's folder by name, e.g. `encoder.onnx`. */
export type ModelFiles = (name: string) => Promise<Uint8Array>;
