import type { Box } from "../engine/index.ts";

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
}

/** A computed group, without its masks: a plain value, fit for JSON. */
export interface GroupResult {
  /** The group's identity, see `groupId`. */
  readonly id: string;
  readonly model: { readonly name: string; readonly digest: string };
  /** Where it was computed. */
  readonly backend: string;
  /** One per distinct photograph, sorted by `sha256`. */
  readonly images: readonly ImageResult[];
}
