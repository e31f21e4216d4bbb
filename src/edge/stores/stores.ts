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
  /** Without it everything is kept in this data centre only, as long as its cache likes. */
  readonly bucket?: R2Bucket;
  readonly retention: Retention;
  /** Models whose features `deleteImage` forgets in tiers that cannot list. */
  readonly models: () => Promise<readonly { readonly digest: string }[]>;
  /** Told of each removal, with the address of what is removed: others may have copies. */
  readonly onDelete?: (tenant: string, path: string) => void;
  readonly waitUntil: WaitUntil;
  readonly log: Log;
  readonly now?: () => number;
}

export type EdgeStoresOf = (tenant: string) => TieredStores;

/**
 * Of an isolate's 128 MB: results and masks of about 100 photographs, features of 5. More is a
 * millisecond away, in the data centre's cache.
 */
const RESULT_BYTES = 4 * 2 ** 20;
const FEATURE_BYTES = 4 * 2 ** 20;

/**
 * How long an isolate answers from its own memory before it asks again, in milliseconds: no other
 * isolate can be told that something was deleted.
 */
const MEMORY_TIME = 60_000;

/** How long a data centre answers from its cache before it asks the bucket, in milliseconds. */
const CACHE_TIME = 3_600_000;

/** The stores of the edge: this isolate's memory, the data centre's cache, a bucket for the world. */
export function edgeStores(parts: StoreParts): EdgeStoresOf {
  const { caches, bucket, retention, models, onDelete, waitUntil, log, now = Date.now } = parts;
  const longest = bucket === undefined ? Number.POSITIVE_INFINITY : CACHE_TIME;
  const cache = cacheTier(caches as CacheStorage, longest, now);
  const global = bucket === undefined ? [] : [bucketTier(bucket, retention, now)];
  const tiers = (bytes: number) =>
    new Tiers({
      tiers: [memoryTier({ bytes, longest: MEMORY_TIME, now }), cache, ...global],
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
