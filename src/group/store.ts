import type { FeatureCache } from "../engine/index.ts";
import { CosalError } from "../errors.ts";
import type { GroupResult } from "./result.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Stores computed groups. A store may drop anything at any time; what is missing is computed again.
 * It never returns part of a value, and never reports something as missing when it merely could not
 * look.
 *
 * Reads and deletions throw CosalError store_unavailable if the store cannot be reached. Writes do
 * not throw: no response depends on them, so a failed write is treated as a dropped value.
 */
export interface GroupStore {
  /** The result of a group, or undefined if it is not stored. */
  result(group: string): Promise<GroupResult | undefined>;
  /** Whether the masks and the consensus of a stored result are stored too. */
  isComplete(result: GroupResult): Promise<boolean>;
  /** Stores the result of a group. Its masks and consensus must have been stored before. */
  putResult(result: GroupResult): Promise<void>;
  /** The mask of one image of a group, as written by `encodeLogits`. */
  mask(group: string, image: string): Promise<Bytes | undefined>;
  putMask(group: string, image: string, record: Bytes): Promise<void>;
  /** What the group has in common, as written by `encodeConsensus`. */
  consensus(group: string): Promise<Bytes | undefined>;
  putConsensus(group: string, bytes: Bytes): Promise<void>;
  /** Deletes result, masks and consensus. Returns whether there was a result. */
  delete(group: string): Promise<boolean>;
}

/**
 * Stores the files of photographs as they were sent, by SHA-256, for a short time. All methods
 * throw CosalError store_unavailable if the store cannot be read or written.
 */
export interface ImageStore {
  /**
   * Whether what is put stays until its time is over, as in a bucket or on a disk. Otherwise it may be
   * gone at once.
   */
  readonly isPersistent: boolean;
  get(sha256: string): Promise<Bytes | undefined>;
  /** The same as a stream, for a host that passes it on and must not hold it. */
  stream?(sha256: string): Promise<ReadableStream<Uint8Array> | undefined>;
  /** Those of the given photographs that are stored. */
  has(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Stores a photograph. The caller has verified that its SHA-256 is right.
   *
   * @throws CosalError store_full, in addition
   */
  put(sha256: string, bytes: Bytes): Promise<void>;
  /** Returns whether it was stored. */
  delete(sha256: string): Promise<boolean>;
}

/**
 * Stores the features of photographs; they are deleted together with their photograph. Features
 * that cannot be read count as missing and are computed again. `deleteImage` throws CosalError
 * store_unavailable.
 */
export interface FeatureStore extends FeatureCache {
  /**
   * Deletes the features of a photograph, of every model. `sha256` is the part of the key after
   * `/`.
   */
  deleteImage(sha256: string): Promise<void>;
}

/** Everything that is stored for one tenant. */
export interface Stores {
  readonly groups: GroupStore;
  readonly images: ImageStore;
  readonly features: FeatureStore;
}

/**
 * Returns the stores of a tenant, which are separate from those of all other tenants. The tenant ""
 * stands for everybody: a deployment without keys, or one that shares its cache. Cheap, as it is
 * called for each request.
 *
 * @param keep how long values may be kept, in seconds, if that is less than the store's own
 * retention
 */
export type StoresOf = (tenant: string, keep?: number) => Stores;

/** Seconds after which to try again when a store has failed or is full. */
const RETRY_AFTER = 5;
const FULL_RETRY_AFTER = 60;

/** The error for a store that cannot be read or written at the moment. */
export function storeUnavailable(cause: unknown): CosalError {
  const message = "The store cannot be reached at the moment. Try again in a few seconds.";
  return new CosalError("store_unavailable", message, { retryAfter: RETRY_AFTER, cause });
}

/** The error for a store that has no room for something that must be kept. */
export function storeFull(cause: unknown): CosalError {
  const message = "There is no room to store this.";
  return new CosalError("store_full", message, { retryAfter: FULL_RETRY_AFTER, cause });
}
