import type { Options } from "../schemas/request.ts";
import type { SpooledImage } from "./image-spool.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * One photograph of a request, in whichever way it came in. One that is named by its SHA-256 only has
 * no header; one that came along has one, where it can be read.
 */
export interface ReceivedImage extends Pick<SpooledImage, "sha256" | "bytes" | "header"> {
  /** Unique within the request. */
  readonly id: string;
}

/** A request's group before it is known what is stored of it. */
export interface Received {
  /** In the order sent, at least one. */
  readonly images: readonly ReceivedImage[];
  readonly options: Options;
  /** The consensus to mask them with, which only this deployment's Workers send along. */
  readonly consensus?: Bytes | undefined;
}

/** A request's group as a reader of bodies hands it over. */
export interface RawGroup extends Pick<Received, "options" | "consensus"> {
  readonly images: readonly RawImage[];
}

/** One photograph as a reader of bodies hands it over. */
export interface RawImage extends SpooledImage {
  readonly id: string | undefined;
}
