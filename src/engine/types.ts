import type { Box, Logits } from "../codec/index.ts";
import type { Manifest } from "./manifest.ts";

/** One photograph: the bytes of a JPEG, PNG, WebP or AVIF file. */
export interface ImageInput {
  /** What the caller calls it; errors and results carry it. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The mask of one photograph, kept at the network's size until a file is asked for. */
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
  /** The network's logits, row by row: `data.length === width * height`. */
  readonly logits: Logits;
  /** 8-bit grey PNG of the photograph's size; 255 = object, soft. Encoded at each call. */
  png(): Promise<Uint8Array<ArrayBuffer>>;
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
  | { readonly stage: "encoded"; readonly index: number; readonly id: string }
  | { readonly stage: "consensus"; readonly consensus: Consensus }
  | { readonly stage: "mask"; readonly index: number; readonly id: string };

export interface SegmentOptions {
  /** Stops between two graph runs; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Told of each step. The next one waits for what this returns: that is where a host whose only
   * thread the graphs run on lets others have a turn.
   */
  readonly onEvent?: (event: SegmentEvent) => void | Promise<void>;
}

export interface Segmenter {
  /** The model's name, e.g. "cosal-lite". */
  readonly name: string;
  /** SHA-256, hex, of everything in the model that results depend on. */
  readonly digest: string;
  readonly manifest: Manifest;
  /**
   * The masks of a group, in the order sent, each as soon as it is ready. Every image is checked
   * (type, size) before the first one is decoded.
   *
   * @throws CosalError group_empty, group_too_large, image_* (naming the image), model_invalid
   */
  segment(images: readonly ImageInput[], options?: SegmentOptions): AsyncIterable<ImageMask>;
}

/** Reads a file of the model's folder by name, e.g. `encoder.onnx`. */
export type ModelFiles = (name: string) => Promise<Uint8Array>;
