import type { R2Bucket, CacheStorage as WorkerCaches } from "@cloudflare/workers-types";
import type { Log } from "../../app/index.ts";
import { Keys } from "../../stores/keys.ts";
import { memoryTier } from "../../stores/memory-tier.ts";
import type { Retention } from "../../stores/retention.ts";
import { type TieredStores, tieredStores } from "../../stores/tiered-stores.ts";
import { Tiers, type WaitUntil } from "../../stores/tiers.ts";
import { bucketTier } from "./bucket-tier.ts";
import { cacheTier } from "./cache-tier.ts";

export interface StoreParts {
  readonly caches: CacheStorage | WorkerCaches;
  /** Without it, values stay in this data centre only, until its cache evicts them. */
  readonly bucket?: R2Bucket;
  readonly retention: Retention;
  /** Models whose features `deleteImage` deletes in tiers that cannot list their keys. */
  readonly models: () => Promise<readonly { readonly digest: string }[]>;
  /** Called for each deletion with the path of what is deleted, since GPU servers may have copies. */
  readonly onDelete?: (tenant: string, path: string) => void;
  readonly waitUntil: WaitUntil;
  readonly log: Log;
  readonly now?: () => number;
}

export type EdgeStoresOf = (tenant: string) => TieredStores;

/**
 * Taken from an isolate's 128 MB: results and masks of about 100 photographs, and features of 5.
 * The data centre's cache has the others and responds within about a millisecond.
 */
const RESULT_BYTES = 4 * 2 ** 20;
const FEATURE_BYTES = 4 * 2 ** 20;

/**
 * How long an isolate uses a value from its memory before it reads it again, in milliseconds. A
 * deletion does not reach the memory of other isolates.
 */
const MEMORY_TIME = 60_000;

/** How long a data centre uses a cached value before it reads the bucket again, in milliseconds. */
const CACHE_TIME = 3_600_000;

/** The Worker's stores: this isolate's memory, the data centre's cache, and a global bucket. */
export function edgeStores(parts: StoreParts): EdgeStoresOf {
  const { caches, bucket, retention, models, onDelete, waitUntil, log, now = Date.now } = parts;
  const maxAge = bucket === undefined ? Number.POSITIVE_INFINITY : CACHE_TIME;
  const cache = cacheTier(caches as CacheStorage, maxAge, now);
  const global = bucket === undefined ? [] : [bucketTier(bucket, retention, now)];
  const tiers = (bytes: number) =>
    new Tiers({
      tiers: [memoryTier({ bytes, maxAge: MEMORY_TIME, now }), cache, ...global],
      waitUntil,
      log,
    });
  const shared = {
    results: tiers(RESULT_BYTES),
    features: tiers(FEATURE_BYTES),
    inputs: global[0] ?? cache,
    isPersistent: bucket !== undefined,
    ...{ retention, models, log, now },
  };
  return function edgeStoresOf(tenant) {
    const onDeletePath = (path: string) => onDelete?.(tenant, path);
    return tieredStores(new Keys(tenant), { ...shared, onDelete: onDeletePath });
  };
}
