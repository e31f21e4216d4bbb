import type { R2Bucket, CacheStorage as WorkerCaches } from "@cloudflare/workers-types";
import type { Log } from "../../app/index.ts";
import {
  type FeatureStore,
  type GroupResult,
  type GroupStore,
  type ImageStore,
  type StoresOf,
  storeUnavailable,
} from "../../group/index.ts";
import { bucketTier } from "./bucket-tier.ts";
import { cacheTier } from "./cache-tier.ts";
import { Keys } from "./keys.ts";
import { memoryTier } from "./memory-tier.ts";
import type { Retention } from "./retention.ts";
import type { Bytes, Tier } from "./tier.ts";
import { Tiers, type WaitUntil } from "./tiers.ts";

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

/** Features that can be looked for without being fetched. */
export interface EdgeFeatureStore extends FeatureStore {
  has(key: string): Promise<boolean>;
}

export type EdgeStoresOf = (
  tenant: string,
) => ReturnType<StoresOf> & { readonly features: EdgeFeatureStore };

/**
 * Of an isolate's 128 MB: results and masks of about 100 photographs, features of 5. More is a
 * millisecond away, in the data centre's cache.
 */
const RESULT_BYTES = 4 * 2 ** 20;
const FEATURE_BYTES = 4 * 2 ** 20;

/** How long a data centre answers from its cache before it asks the bucket, in milliseconds. */
const CACHE_TIME = 3_600_000;

/** The stores of the edge: this isolate's memory, the data centre's cache, a bucket for the world. */
export function edgeStores(parts: StoreParts): EdgeStoresOf {
  const { caches, bucket, retention, models, onDelete, waitUntil, log, now = Date.now } = parts;
  const longest = bucket === undefined ? Number.POSITIVE_INFINITY : CACHE_TIME;
  const cache = cacheTier(caches as CacheStorage, longest, now);
  const global = bucket === undefined ? [] : [bucketTier(bucket, retention, now)];
  const results = new Tiers([memoryTier(RESULT_BYTES, now), cache, ...global], waitUntil, log);
  const features = new Tiers([memoryTier(FEATURE_BYTES, now), cache, ...global], waitUntil, log);
  // Photographs are large and read once or twice: they are in one place only.
  const inputs: Tier = global[0] ?? cache;
  return function edgeStoresOf(tenant) {
    const keys = new Keys(tenant);
    const onDeletePath = (path: string) => onDelete?.(tenant, path);
    return {
      groups: new EdgeGroupStore(results, keys, () => now() + retention.results, onDeletePath),
      images: imageStore({
        ...{ tier: inputs, log, keys, onDelete: onDeletePath },
        isPersistent: bucket !== undefined,
        expiry: () => now() + retention.inputs,
      }),
      features: featureStore(features, keys, () => now() + retention.features, models),
    };
  };
}

/** One for each request: it knows which writes of its group are still under way. */
class EdgeGroupStore implements GroupStore {
  readonly #tiers: Tiers;
  readonly #keys: Keys;
  readonly #expiry: () => number;
  readonly #onDelete: (path: string) => void;
  readonly #underWay: Promise<void>[] = [];

  constructor(tiers: Tiers, keys: Keys, expiry: () => number, onDelete: (path: string) => void) {
    this.#tiers = tiers;
    this.#keys = keys;
    this.#expiry = expiry;
    this.#onDelete = onDelete;
  }

  async result(group: string): Promise<GroupResult | undefined> {
    const bytes = await this.#tiers.get(this.#keys.result(group));
    return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as GroupResult);
  }

  /** Last of its group, and last to be kept: until then the group counts as unknown everywhere. */
  async putResult(result: GroupResult): Promise<void> {
    await Promise.all(this.#underWay.splice(0));
    await this.#put(this.#keys.result(result.id), new TextEncoder().encode(JSON.stringify(result)));
    await Promise.all(this.#underWay.splice(0));
  }

  async isComplete({ id, images, consensusOf }: GroupResult): Promise<boolean> {
    const keys = images.map(({ sha256 }) => this.#keys.mask(id, sha256));
    if (consensusOf === undefined) keys.push(this.#keys.consensus(id));
    const found = await Promise.all(keys.map((key) => this.#tiers.has(key)));
    return found.every(Boolean);
  }

  mask(group: string, image: string): Promise<Bytes | undefined> {
    return this.#tiers.get(this.#keys.mask(group, image));
  }

  putMask(group: string, image: string, record: Bytes): Promise<void> {
    return this.#put(this.#keys.mask(group, image), record);
  }

  consensus(group: string): Promise<Bytes | undefined> {
    return this.#tiers.get(this.#keys.consensus(group));
  }

  putConsensus(group: string, bytes: Bytes): Promise<void> {
    return this.#put(this.#keys.consensus(group), bytes);
  }

  async delete(group: string): Promise<boolean> {
    this.#onDelete(`/v1/groups/${group}`);
    const result = await this.result(group);
    const images = result?.images ?? [];
    await this.#tiers.forget(this.#keys.group(group), [
      this.#keys.result(group),
      this.#keys.consensus(group),
      ...images.map(({ sha256 }) => this.#keys.mask(group, sha256)),
    ]);
    return result !== undefined;
  }

  async #put(key: string, bytes: Bytes): Promise<void> {
    const { kept } = await this.#tiers.put(key, { bytes, expires: this.#expiry() });
    this.#underWay.push(kept);
  }
}

interface ImageStoreParts extends Pick<ImageStore, "isPersistent"> {
  readonly tier: Tier;
  readonly log: Log;
  readonly keys: Keys;
  readonly expiry: () => number;
  readonly onDelete: (path: string) => void;
}

function imageStore(parts: ImageStoreParts): ImageStore {
  const { tier, log, keys, expiry, onDelete, isPersistent } = parts;
  const tiers = new Tiers([tier], () => {}, log);
  return {
    isPersistent,
    get: (sha256) => tiers.get(keys.input(sha256)),
    ...(tier.stream && {
      stream: (sha256: string) =>
        tier.stream?.(keys.input(sha256)).catch((error: unknown) => {
          throw storeUnavailable(error);
        }) as Promise<ReadableStream<Uint8Array> | undefined>,
    }),
    async has(sha256s) {
      const found = await Promise.all(sha256s.map((sha256) => tiers.has(keys.input(sha256))));
      return new Set(sha256s.filter((_, i) => found[i]));
    },
    async put(sha256, bytes) {
      try {
        await tier.put(keys.input(sha256), { bytes, expires: expiry() });
      } catch (error) {
        throw storeUnavailable(error);
      }
    },
    async delete(sha256) {
      onDelete(`/v1/images/${sha256}`);
      const key = keys.input(sha256);
      const was = await tiers.has(key);
      await tiers.forget(`${key}/`, [key]);
      return was;
    },
  };
}

function featureStore(
  tiers: Tiers,
  keys: Keys,
  expiry: () => number,
  models: StoreParts["models"],
): EdgeFeatureStore {
  /** @param name `${model digest}/${image digest}` */
  const keyOf = (name: string) => {
    const [model = "", image = ""] = name.split("/");
    return keys.features(image, model);
  };
  return {
    // What cannot be read is computed.
    get: (name) => tiers.get(keyOf(name)).catch(() => undefined),
    has: (name) => tiers.has(keyOf(name)).catch(() => false),
    async put(name, bytes) {
      await tiers.put(keyOf(name), { bytes: bytes as Bytes, expires: expiry() });
    },
    async deleteImage(sha256) {
      const known = (await models()).map(({ digest }) => keys.features(sha256, digest));
      await tiers.forget(keys.featuresOf(sha256), known);
    },
  };
}
