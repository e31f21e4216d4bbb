import type { Box, Logits } from "../codec/index.ts";
import type { CosalError } from "../errors.ts";
import type { Manifest } from "./manifest.ts";

/** One photograph: a JPEG, PNG, WebP or AVIF file. */
export interface ImageInput {
  /** The caller's name for it, used in errors and results. */
  readonly id: string;
  /**
   * The file. A function is called when the image is about to be encoded, and its result is dropped
   * right after, so a group needs no more memory than its largest file. It is not called if the
   * image's features are cached. It should reject with a CosalError if the image itself is at fault
   * (see `onError`).
   */
  readonly bytes: Uint8Array | (() => Promise<Uint8Array>);
  /** SHA-256 of the file, hex: its key in the feature cache. Computed if missing and needed. */
  readonly digest?: string;
}

/** A marked example of the object, or of what is not meant. */
export type Seed = {
  /** Position of its image in the group, from 0. */
  readonly image: number;
  /**
   * Marks what is not meant. The object is then within the image's other marks, less this one. In
   * an image with negative marks alone it is within all the rest of the image; such an image counts
   * only if no image has a positive mark.
   */
  readonly negative?: boolean;
} & SeedMark;

export type SeedMark =
  /**
   * Object where the value is 255, background where it is 0. Stretched to the size of the upright
   * photograph.
   */
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

/** The mask of one photograph at the network's resolution; `cosal/codec` turns it into files. */
export interface ImageMask {
  /** Position in the group as sent, from 0. */
  readonly index: number;
  readonly id: string;
  /** Size of the photograph in pixels, after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** Share of the photograph's pixels with mask >= 0.5, 0..1. */
  readonly coverage: number;
  /** Bounding box of mask >= 0.5, or null if there is no such pixel. */
  readonly box: Box | null;
  /** How certain the network is that the photograph shows the common object, 0..1. */
  readonly presence: number;
  /**
   * Expected intersection over union of this mask with a hand-drawn one, 0..1. Missing if the model
   * does not estimate it.
   */
  readonly confidence?: number;
  /** The network's logits, row by row: `data.length === width * height`. */
  readonly logits: Logits;
}

/** What the images of a group have in common: a plain value of a few kilobytes. */
export interface Consensus {
  /** Digest of the model that made it. Other models cannot use it. */
  readonly model: string;
  /** `[prototypes, channels]`. */
  readonly shape: readonly [number, number];
  readonly data: Float32Array;
}

/**
 * How closely photographs are looked at. "high": each is encoded and decoded a second time, in a window
 * around its mask, for finer outlines at twice the cost.
 */
export type Detail = "normal" | "high";

/** A step that was completed. `index` and `id` identify the image. */
export type SegmentEvent =
  | {
      readonly stage: "decoded";
      readonly index: number;
      readonly id: string;
      readonly width: number;
      readonly height: number;
    }
  /** `cached`: its features came from the cache, so it was neither decoded nor encoded. */
  | {
      readonly stage: "encoded";
      readonly index: number;
      readonly id: string;
      readonly cached: boolean;
    }
  | { readonly stage: "consensus"; readonly consensus: Consensus }
  | { readonly stage: "mask"; readonly index: number; readonly id: string }
  /** `onError: "skip"`: the image was left out of the group and gets no mask. */
  | {
      readonly stage: "skipped";
      readonly index: number;
      readonly id: string;
      readonly error: CosalError;
    };

export interface SegmentOptions {
  /** Stops before the next graph run; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. No graph run starts after that: CosalError deadline_exceeded. */
  readonly deadline?: number;
  /**
   * Called after each step. The next step waits for the returned promise; a host that runs graphs
   * on its only thread can yield to the event loop there.
   */
  readonly onEvent?: (event: SegmentEvent) => void | Promise<void>;
  /**
   * What to do with an image that cannot be decoded: "fail" (default) ends the group with the
   * image's error, "skip" leaves it out and emits an event. If no image is left, the error is
   * group_empty.
   */
  readonly onError?: "fail" | "skip";
  /**
   * Marked examples. The first consensus then comes from them alone rather than from what the
   * images share, and is refined over the whole group. With `onError: "skip"`, seeds on skipped
   * images are skipped too.
   */
  readonly seeds?: readonly Seed[];
  /** "normal" by default. With "high", `bytes` of an image are asked for a second time. */
  readonly detail?: Detail;
  /** Feature cache for this group, instead of the segmenter's own. */
  readonly features?: FeatureCache;
}

export interface Segmenter {
  /** The model's name, e.g. "cosal-lite". */
  readonly name: string;
  /** SHA-256, hex, of everything in the model that affects results. */
  readonly digest: string;
  readonly manifest: Manifest;
  /**
   * Yields the masks of a group, in the order sent, each as soon as it is ready. All images whose
   * bytes are given are checked (type, size) before the first one is decoded.
   *
   * @throws CosalError group_empty, group_too_large, image_* (naming the image), seed_invalid,
   * seeds_unsupported, deadline_exceeded, model_invalid
   */
  segment(images: readonly ImageInput[], options?: SegmentOptions): AsyncIterable<ImageMask>;
  /**
   * Yields the masks of images for an existing consensus. The images do not affect the consensus or
   * each other: there may be any number of them, and each is encoded and decoded before the next.
   *
   * @throws CosalError as `segment`, consensus_incompatible, and consensus_invalid for a shape that is
   * not the model's
   */
  segmentWith(
    consensus: Consensus,
    images: readonly ImageInput[],
    options?: Omit<SegmentOptions, "seeds">,
  ): AsyncIterable<ImageMask>;
  /**
   * Encodes images, so that their features are in the cache when a group or a consensus needs them.
   * This lets several threads with a shared cache prepare one group together.
   *
   * @throws CosalError as `segment`
   */
  encode(images: readonly ImageInput[], options?: Omit<SegmentOptions, "seeds">): Promise<void>;
  /**
   * Computes what the images have in common, without masks.
   *
   * @throws CosalError as `segment`
   */
  consensus(images: readonly ImageInput[], options?: SegmentOptions): Promise<Consensus>;
}

/**
 * Features of previously encoded images: bytes by key, `${model digest}/${image digest}`. A cache
 * that fails or drops values costs time but never a result: a rejection counts as a miss.
 */
export interface FeatureCache {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** Reads a file from the model's folder by name, e.g. `encoder.onnx`. */
export type ModelFiles = (name: string) => Promise<Uint8Array>;
