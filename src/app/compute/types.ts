import type { DecodedElsewhere } from "../../codec/index.ts";
import type { Box, Detail, FeatureCache, Seed } from "../../engine/index.ts";
import type { CosalError } from "../../errors.ts";
import type { SeedRequest } from "../schemas/request.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One distinct photograph of a group. */
export interface LoadableImage {
  /** What the caller calls it. */
  readonly id: string;
  /** Its first place in the request, from 0. */
  readonly index: number;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  /**
   * What its header says, where it was read: bytes of the file, upright size in pixels, and the
   * milliseconds that decoding it takes in WebAssembly, estimated.
   */
  readonly header?: {
    readonly bytes: number;
    readonly width: number;
    readonly height: number;
    readonly cost?: number;
    /** Where another decoder than this host's has to decode it. */
    readonly decodedElsewhere?: DecodedElsewhere;
  };
  /** The file. Called when its turn comes; who calls it drops the bytes soon after. */
  load(): Promise<Bytes>;
  /** The file as a stream, where it is in a store that has one. */
  stream?(): Promise<ReadableStream<Uint8Array>>;
}

/** Where the caller wants a group computed. "auto" leaves it to the deployment. */
export type BackendChoice = "auto" | "gpu" | "wasm";

/** A group to be computed: everything that a backend, here or elsewhere, has to know. */
export interface ComputeJob {
  readonly tenant: string;
  /** The group's identity. */
  readonly group: string;
  /** Name and digest of one of the models that the host says it serves. */
  readonly model: { readonly name: string; readonly digest: string };
  /** Each photograph once, sorted by SHA-256. */
  readonly images: readonly LoadableImage[];
  /** `Seed.image` is a place in `images`. */
  readonly seeds: readonly Seed[];
  /** The seeds as they were sent, their images named by SHA-256: to be passed on. */
  readonly seedRequests: readonly SeedRequest[];
  readonly onError: "fail" | "skip";
  readonly detail: Detail;
  readonly backend: BackendChoice;
  /** Mask the images with it instead of finding their own. */
  readonly consensus?: ReusedConsensus;
}

/** What another group has in common. */
export interface ReusedConsensus {
  /** That group's identity. */
  readonly of: string;
  /** Bytes of `encodeConsensus`. */
  readonly bytes: Bytes;
}

export interface ComputeContext {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Who asks, a tenant or a network: what is scarce is shared out among these. */
  readonly caller: string;
  /** Milliseconds since 1970 after which the work is in vain: CosalError deadline_exceeded. */
  readonly deadline: number;
  /** Nobody waits for it: what somebody waits for goes first. */
  readonly isBackground?: boolean;
  /** The request's id and, where one was sent, its `traceparent` (W3C), to be passed on. */
  readonly request: string;
  readonly traceparent?: string;
  /** Where features of the tenant's photographs are kept. */
  readonly features?: FeatureCache;
}

/** A step that is done. `image` is a place in `ComputeJob.images`. */
export type ComputeEvent =
  /**
   * A backend has taken the group, and why it was this one. Comes first; it comes again when another
   * one takes over, whose masks may then repeat those that were told already.
   */
  | { readonly type: "backend"; readonly name: string; readonly reason: string }
  | { readonly type: "decoded"; readonly image: number }
  | { readonly type: "encoded"; readonly image: number; readonly cached: boolean }
  | { readonly type: "consensus"; readonly consensus: Bytes }
  | { readonly type: "mask"; readonly image: number; readonly mask: MaskOfImage }
  /** `onError: "skip"`: the photograph has no part in the group. */
  | { readonly type: "skipped"; readonly image: number; readonly error: CosalError };

/** What was found in one photograph, with the record that everything else is rendered from. */
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
 * Computes a group. Hosts implement it: in the Worker it chooses between the isolate's own WASM and
 * GPU backends, on the server it is the server's segmenter (`localCompute`). The iteration ends when
 * every image has been told as `mask` or `skipped`, and without `consensus` the consensus too.
 *
 * @throws CosalError image_* and seed_invalid with `image.index` a place in `images`,
 * backend_unavailable (with `retryAfter`), deadline_exceeded, model_invalid
 */
export type Compute = (job: ComputeJob, context: ComputeContext) => AsyncIterable<ComputeEvent>;
