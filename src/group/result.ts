import type { Box } from "../engine/index.ts";
import type { ErrorCode, LimitReference } from "../errors.ts";

/**
 * The result for one photograph. It is named by its contents; the caller's name for it is not kept.
 */
export interface ImageResult {
  /** SHA-256 of the file's bytes, hex. */
  readonly sha256: string;
  /** Size of the photograph, and of its mask, in pixels, after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** Share of the photograph's pixels with mask >= 0.5, 0..1. */
  readonly coverage: number;
  /** `[x, y, width, height]` of the area with mask >= 0.5, in pixels, or null if there is none. */
  readonly box: Box | null;
  /** How certain the network is that the photograph shows the common object, 0..1. */
  readonly presence: number;
  /**
   * Expected intersection over union of this mask with a hand-drawn one, 0..1. Missing if the model
   * does not estimate it.
   */
  readonly confidence?: number;
}

/** A photograph that `on_error=skip` left out, and why. */
export interface SkippedImage {
  readonly sha256: string;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly limit?: LimitReference;
}

/** Something that a caller should know about a successful result. */
export interface Notice {
  readonly code: /** One photograph has nothing to be compared with: the mask is its most salient object. */
    | "single_image"
    /** The photographs do not seem to share an object: the masks mean little. */
    | "nothing_in_common";
  readonly detail: string;
}

/** The result of a group without its masks: a plain value that can be written as JSON. */
export interface GroupResult {
  /** The group's identity, see `groupId`. */
  readonly id: string;
  readonly model: { readonly name: string; readonly digest: string };
  /** Where it was computed. */
  readonly backend: string;
  /** The group whose consensus was used to mask these photographs, if it is not their own. */
  readonly consensusOf?: string;
  /**
   * How certain the network is that the photographs share an object: their mean presence, 0..1.
   */
  readonly common: number;
  /** One per distinct photograph that was not skipped, sorted by `sha256`. */
  readonly images: readonly ImageResult[];
  /** Sorted by `sha256`. */
  readonly skipped: readonly SkippedImage[];
  readonly notices: readonly Notice[];
}
