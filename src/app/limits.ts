import type { ImageKind } from "../codec/index.ts";

const MEBIBYTE = 1024 * 1024;

/**
 * Bytes of a request that an isolate holds until its group is done. Of its 128 MB the network takes
 * about 50, and a 12-megapixel JPEG while it is being decoded 51 (`codec/limits.ts`); that leaves
 * about 25 MiB.
 */
export const MAX_MEMORY_BYTES = 24 * MEBIBYTE;

/**
 * Bytes of the files that a JSON body has inline, before they become base64: an isolate holds the
 * files, their text and the body's text at the same time.
 */
export const MAX_INLINE_BYTES = 16 * MEBIBYTE;

/** Seeds of a request. */
export const MAX_SEEDS = 256;

/**
 * Pixels of a seed's PNG, which is stretched over its photograph: the network looks at a grid of some
 * tens of cells a side, so 2048 x 2048 is more than enough, and 4 MiB of grey. Run lengths have no
 * such limit: they are never made into pixels.
 */
export const MAX_SEED_PIXELS = 2048 * 2048;

/** Pixels of a request's PNGs together, equal ones counted once: each megapixel takes 20 ms. */
export const MAX_SEED_PIXELS_TOTAL = 4 * MAX_SEED_PIXELS;

/**
 * Milliseconds that a reader may take nothing of a response, before it is cut off: nginx's
 * `send_timeout`.
 */
export const SEND_TIMEOUT = 60_000;

/** What one kind of backend takes. */
export interface BackendLimits {
  /** Photographs of a group. */
  readonly images: number;
  /** Pixels of one photograph. */
  readonly pixels: number;
  /** Pixels of a group's photographs together. */
  readonly totalPixels: number;
}

/** What a deployment takes; shown to clients at `GET /v1/limits`. */
export interface Limits {
  /** Bytes of a request's body, where photographs can be stored as they arrive. */
  readonly bodyBytes: number;
  /** Bytes of a request that are held in memory: all of JSON, and of a form what cannot be stored. */
  readonly memoryBytes: number;
  /** Bytes of a form's photographs that stay in memory where the others can be stored. */
  readonly spoolBytes: number;
  /** Bytes of one photograph's file. */
  readonly imageBytes: number;
  /** Photographs of a group, as sent. */
  readonly images: number;
  /** Seconds that a request may take before it is answered 504. */
  readonly seconds: number;
  /**
   * Pixels of one photograph by its kind of file: as many as the memory of what decodes it here
   * allows, in a Worker also of groups that a GPU server computes.
   */
  readonly imagePixels: Readonly<Record<ImageKind, number>>;
  /** Pixels of a photograph that cut-outs and overlays are made of. */
  readonly renderedPixels: number;
  /** Pixels of the files that one response has in it: inline, in an archive or in parts. */
  readonly responsePixels: number;
  /** More photographs than this are answered 202 where there are jobs. */
  readonly synchronousImages: number;
  /** By kind of backend, `wasm` or `gpu`: a group must fit one that the deployment has. */
  readonly backends: Readonly<Partial<Record<"wasm" | "gpu", BackendLimits>>>;
}
