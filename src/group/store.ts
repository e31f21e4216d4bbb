import type { FeatureCache } from "../engine/index.ts";
import { CosalError } from "../errors.ts";
import type { GroupResult } from "./result.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Where computed groups are kept. A store may forget anything at any time: what is found missing is
 * computed anew. It never answers with part of a value, and never says "not here" because it could
 * not look.
 *
 * Reads and deletions throw CosalError store_unavailable when the store cannot tell. Writes do not
 * throw: an answer does not depend on them, so what cannot be kept counts as forgotten.
 */
export interface GroupStore {
  /** The group's result, or undefined when it is not here. */
  result(group: string): Promise<GroupResult | undefined>;
  /** Whether the masks and the consensus of a result that is here are here too. */
  isComplete(result: GroupResult): Promise<boolean>;
  /** Keeps a group whose masks and consensus have all been put. */
  putResult(result: GroupResult): Promise<void>;
  /** What the network found in one image of a group: the record of `encodeLogits`. */
  mask(group: string, image: string): Promise<Bytes | undefined>;
  putMask(group: string, image: string, record: Bytes): Promise<void>;
  /** What the group has in common: the bytes of `encodeConsensus`. */
  consensus(group: string): Promise<Bytes | undefined>;
  putConsensus(group: string, bytes: Bytes): Promise<void>;
  /** Forgets result, masks and consensus; whether there was a result. */
  delete(group: string): Promise<boolean>;
}

/**
 * Where photographs are kept as they were sent, by the SHA-256 of their bytes, for a short while.
 * Every method throws CosalError store_unavailable when the store cannot be read or written.
 */
export interface ImageStore {
  get(sha256: string): Promise<Bytes | undefined>;
  /** Those of the photographs that are here. */
  has(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Keeps a photograph whose bytes have been held against their name.
   *
   * @throws CosalError store_full, too
   */
  put(sha256: string, bytes: Bytes): Promise<void>;
  /** Whether it was here. */
  delete(sha256: string): Promise<boolean>;
}

/**
 * Features of photographs, which go when their photograph goes. What cannot be read counts as
 * missing: it is computed anew. `deleteImage` throws CosalError store_unavailable.
 */
export interface FeatureStore extends FeatureCache {
  /** Forgets the features that every model has of a photograph (the part of the key after `/`). */
  deleteImage(sha256: string): Promise<void>;
}

/** Everything that is kept for one tenant. */
export interface Stores {
  readonly groups: GroupStore;
  readonly images: ImageStore;
  readonly features: FeatureStore;
}

/**
 * The stores of a tenant, who sees nothing of any other's. The tenant "" is everybody: a deployment
 * without keys, or one that declares its cache shared. Cheap: called for each request.
 *
 * @param keep seconds that what is put may be kept, where that is less than the stores' own time
 */
export type StoresOf = (tenant: string, keep?: number) => Stores;

/** Seconds after which it is worth to ask a store again that has failed, or that was full. */
const RETRY_AFTER = 5;
const FULL_RETRY_AFTER = 60;

/** The error of a store that cannot be read or written now. */
export function storeUnavailable(cause: unknown): CosalError {
  const message = "What is stored cannot be reached now. Try again in a few seconds.";
  return new CosalError("store_unavailable", message, { retryAfter: RETRY_AFTER, cause });
}

/** The error of a store that has no room for what has to be kept. */
export function storeFull(cause: unknown): CosalError {
  const message = "There is no room to keep this.";
  return new CosalError("store_full", message, { retryAfter: FULL_RETRY_AFTER, cause });
}
