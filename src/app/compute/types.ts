import type { DecodedElsewhere } from "../../codec/index.ts";
import type { Box, Detail, FeatureCache, Seed } from "../../engine/index.ts";
import type { CosalError } from "../../errors.ts";
import type { SeedRequest } from "../schemas/request.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One distinct photograph of a group. */
export interface LoadableImage {
  /** Id of the image in the request. */
  readonly id: string;
  /** Its first place in the request, from 0. */
  readonly index: number;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  /**
   * Facts from the file's header, if it was read: size of the file in bytes, upright size in pixels,
   * and the estimated time of decoding in WebAssembly, in milliseconds.
   */
  readonly header?: {
    readonly bytes: number;
    readonly width: number;
    readonly height: number;
    readonly cost?: number;
    /** Set if this host's decoder cannot decode it, but another one may. */
    readonly decodedElsewhere?: DecodedElsewhere;
  };
  /** Loads the file. Called when the bytes are needed; the caller drops them soon after. */
  load(): Promise<Bytes>;
  /** Opens the file as a stream, if its store supports streams. */
  stream?(): Promise<ReadableStream<Uint8Array>>;
}

/** The backend that the caller asks for. "auto" leaves the choice to the deployment. */
export type BackendChoice = "auto" | "gpu" | "wasm";

/** What is kept of a request that is computed in the background, as plain values for JSON. */
export interface BackgroundRequest {
  readonly tenant: string;
  readonly model: { readonly name: string; readonly digest: string };
  readonly backend: BackendChoice;
  /** The group whose consensus all photographs are masked with, instead of their own. */
  readonly consensusOf?: string;
  /** The request's id and `traceparent`, for logs. */
  readonly request: string;
  readonly traceparent?: string;
}

/** A group to compute: everything that a local or remote backend needs. */
export interface ComputeJob {
  readonly tenant: string;
  /** The group's identity. */
  readonly group: string;
  /** Name and digest of one of the host's models. */
  readonly model: { readonly name: string; readonly digest: string };
  /** Each photograph once, sorted by SHA-256. */
  readonly images: readonly LoadableImage[];
  /** `Seed.image` is a place in `images`. */
  readonly seeds: readonly Seed[];
  /** The seeds as sent, with images named by SHA-256, for remote backends. */
  readonly seedRequests: readonly SeedRequest[];
  readonly onError: "fail" | "skip";
  readonly detail: Detail;
  readonly backend: BackendChoice;
  /** The consensus to mask the images with, instead of their own. */
  readonly consensus?: ReusedConsensus;
}

/** The consensus of another group. */
export interface ReusedConsensus {
  /** Identity of that group. */
  readonly of: string;
  /** Bytes of `encodeConsensus`. */
  readonly bytes: Bytes;
}

export interface ComputeContext {
  /** Aborts when the result is no longer needed. */
  readonly signal: AbortSignal;
  /** The tenant or network that sends the request. Resources are shared fairly among callers. */
  readonly caller: string;
  /** Deadline in milliseconds since 1970. After it, `compute` throws CosalError deadline_exceeded. */
  readonly deadline: number;
  /** Whether no client waits for the result. Work that a client waits for goes first. */
  readonly isBackground?: boolean;
  /** Id of the request and, if sent, its `traceparent` (W3C). Remote backends receive both. */
  readonly request: string;
  readonly traceparent?: string;
  /** Where features of the tenant's photographs are kept. */
  readonly features?: FeatureCache;
}

/** A completed step. `image` is an index of `ComputeJob.images`. */
export type ComputeEvent =
  /**
   * A backend has accepted the group; `reason` says why it was chosen. This event comes first. It
   * comes again when another backend takes over, which may emit the same masks again.
   */
  | { readonly type: "backend"; readonly name: string; readonly reason: string }
  | { readonly type: "decoded"; readonly image: number }
  | { readonly type: "encoded"; readonly image: number; readonly cached: boolean }
  | { readonly type: "consensus"; readonly consensus: Bytes }
  | { readonly type: "mask"; readonly image: number; readonly mask: MaskOfImage }
  /** With `onError: "skip"`: the photograph is excluded from the group. */
  | { readonly type: "skipped"; readonly image: number; readonly error: CosalError };

/** The mask of one photograph, with the record from which all files are rendered. */
export interface MaskOfImage {
  readonly width: number;
  readonly height: number;
  readonly coverage: number;
  readonly box: Box | null;
  readonly presence: number;
  readonly confidence?: number;
  /** `encodeLogits` of {width, height, logits}. */
  readonly record: Bytes;
}

/**
 * Computes a group. Hosts implement it. The Worker chooses between WASM in its isolate and GPU
 * servers; the server uses its own segmenter (`localCompute`). The iteration ends when each image has
 * a `mask` or `skipped` event. Unless the job has a `consensus`, a `consensus` event comes too.
 *
 * @throws CosalError image_* and seed_invalid with `image.index` an index of `images`,
 * backend_unavailable (with `retryAfter`), deadline_exceeded, model_invalid
 */
export type Compute = (job: ComputeJob, context: ComputeContext) => AsyncIterable<ComputeEvent>;
