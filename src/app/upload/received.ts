import type { Options } from "../schemas/request.ts";
import type { SpooledImage } from "./image-spool.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * One photograph of a request, from a form or from JSON. A photograph named by SHA-256 has no header.
 * A sent one has a header if it can be read.
 */
export interface ReceivedImage extends Pick<SpooledImage, "sha256" | "bytes" | "header"> {
  /** Unique within the request. */
  readonly id: string;
}

/** A request's group, before the lookup of stored photographs. */
export interface Received {
  /** In the order sent, at least one. */
  readonly images: readonly ReceivedImage[];
  readonly options: Options;
  /** The consensus to mask them with. Only this deployment's Workers send it. */
  readonly consensus?: Bytes | undefined;
}

/** A request's group as read from the body. */
export interface RawGroup extends Pick<Received, "options" | "consensus"> {
  readonly images: readonly RawImage[];
}

/** One photograph as read from the body. */
export interface RawImage extends SpooledImage {
  readonly id: string | undefined;
}
