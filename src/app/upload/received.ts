import type { ImageHeader } from "../../codec/index.ts";
import type { Options } from "../schemas/request.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One photograph of a request, in whichever way it came in. */
export interface ReceivedImage {
  /** Unique within the request. */
  readonly id: string;
  readonly sha256: string;
  /** The file; undefined when the request names it by SHA-256 only. */
  readonly bytes?: Bytes;
  /** What its header says, where it is there and can be read. */
  readonly header?: ImageHeader;
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
export type RawImage = { readonly id: string | undefined } & (
  | { readonly bytes: Bytes }
  | { readonly sha256: string }
);
