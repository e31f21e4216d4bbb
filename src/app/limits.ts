import type { ImageKind } from "../codec/index.ts";

const MEBIBYTE = 1024 * 1024;

/**
 * Bytes of a request that an isolate holds until its group is done. The isolate has 128 MB. The
 * network takes about 50, and decoding a 12-megapixel JPEG takes 51 (`codec/limits.ts`). That leaves
 * about 25 MiB.
 */
export const MAX_MEMORY_BYTES = 24 * MEBIBYTE;

/**
 * Bytes of the files in a JSON response with `inline`, before base64. An isolate holds the files,
 * their base64 and the body's text at the same time.
 */
export const MAX_INLINE_BYTES = 16 * MEBIBYTE;

/** Maximum number of seeds in a request. */
export const MAX_SEEDS = 256;

/**
 * Pixels of a seed's PNG, which is scaled to its photograph. The network sees a grid of some tens of
 * cells a side, so 2048 x 2048 is more than enough; it takes 4 MiB as grey values. Run lengths have no
 * such limit, since they are not decoded to pixels.
 */
export const MAX_SEED_PIXELS = 2048 * 2048;

/** Pixels of all seed PNGs of a request. Equal ones count once. Each megapixel takes 20 ms. */
export const MAX_SEED_PIXELS_TOTAL = 4 * MAX_SEED_PIXELS;

/**
 * Milliseconds that a client may read nothing of a response before the connection is closed, as
 * nginx's `send_timeout`.
 */
export const SEND_TIMEOUT = 60_000;

/** Seconds that a job can be delayed. Its photographs are stored for a day. */
export const MAX_JOB_DELAY = 12 * 3600;

/** Limits of one kind of backend. */
export interface BackendLimits {
  /** Photographs of a group. */
  readonly images: number;
  /** Pixels of one photograph. */
  readonly pixels: number;
  /** Pixels of a group's photographs together. */
  readonly totalPixels: number;
}

/** Limits of a deployment. Clients read them at `GET /v1/limits`. */
export interface Limits {
  /** Bytes of a request body, if photographs can be stored as they arrive. */
  readonly bodyBytes: number;
  /** Bytes of a request in memory: all of a JSON body, or the parts of a form that cannot be stored. */
  readonly memoryBytes: number;
  /** Bytes that all requests hold in memory together. */
  readonly sharedMemoryBytes: number;
  /** Bytes of a form's photographs that stay in memory, if the others can be stored. */
  readonly spoolBytes: number;
  /** Bytes of one photograph's file. */
  readonly imageBytes: number;
  /** Photographs of a group, as sent. */
  readonly images: number;
  /** Seconds after which the response to a request is 504. */
  readonly seconds: number;
  /**
   * Pixels of one photograph by its kind of file, as the memory of this host's decoder allows. In a
   * Worker, they also apply to groups that a GPU server computes.
   */
  readonly imagePixels: Readonly<Record<ImageKind, number>>;
  /** Pixels of a photograph for cut-outs and overlays. */
  readonly renderedPixels: number;
  /** Pixels of all files in one response: inline, in an archive or in parts. */
  readonly responsePixels: number;
  /** Groups with more photographs get a 202 response with a job, if the deployment has jobs. */
  readonly synchronousImages: number;
  /** Limits by kind of backend. A group must fit one that the deployment has. */
  readonly backends: Readonly<Partial<Record<"wasm" | "gpu", BackendLimits>>>;
}
