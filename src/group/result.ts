import type { Box } from "../engine/index.ts";
import type { ErrorCode, LimitReference } from "../errors.ts";

/** What was found in one photograph. Named by its contents: a name given by a caller is not kept. */
export interface ImageResult {
  /** SHA-256 of the file's bytes, hex. */
  readonly sha256: string;
  /** Size of the photograph, and of its mask, in pixels, after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** Share of the photograph's pixels with mask >= 0.5, 0..1. */
  readonly coverage: number;
  /** `[x, y, width, height]` around mask >= 0.5, in pixels, or null when there is no such pixel. */
  readonly box: Box | null;
  /** How sure the network is that the photograph shows the common object, 0..1. */
  readonly presence: number;
  /**
   * The intersection over union with a drawn mask that is to be expected of this one, 0..1. Missing
   * where the model does not tell.
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

/** What a caller should know about a result that is no error. */
export interface Notice {
  readonly code: /** One photograph has nothing to be compared with: the mask is its most salient object. */
    | "single_image"
    /** The photographs seem to share no object: the masks mean little. */
    | "nothing_in_common";
  readonly detail: string;
}

/** A computed group, without its masks: a plain value, fit for JSON. */
export interface GroupResult {
  /** The group's identity, see `groupId`. */
  readonly id: string;
  readonly model: { readonly name: string; readonly digest: string };
  /** Where it was computed. */
  readonly backend: string;
  /** The group whose consensus these photographs were masked with, when it is not their own. */
  readonly consensusOf?: string;
  /** How sure the network is that the photographs share an object: their mean presence, 0..1. */
  readonly common: number;
  /** One per distinct photograph that was not skipped, sorted by `sha256`. */
  readonly images: readonly ImageResult[];
  /** Sorted by `sha256`. */
  readonly skipped: readonly SkippedImage[];
  readonly notices: readonly Notice[];
}
