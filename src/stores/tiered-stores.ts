import type { Log } from "../app/index.ts";
import { CosalError } from "../errors.ts";
import {
  type FeatureStore,
  type GroupResult,
  type GroupStore,
  type ImageStore,
  type Stores,
  storeUnavailable,
} from "../group/index.ts";
import type { Keys } from "./keys.ts";
import type { Retention } from "./retention.ts";
import type { Bytes, Tier } from "./tier.ts";
import { Tiers } from "./tiers.ts";

export interface TieredParts {
  readonly results: Tiers;
  readonly features: Tiers;
  /** Photographs are in one tier only, since they are large and read once or twice. */
  readonly inputs: Tier;
  /** Whether photographs are certain to stay until they expire. */
  readonly isPersistent: boolean;
  readonly retention: Retention;
  /** Models whose features `deleteImage` deletes in tiers that cannot list their keys. */
  readonly models: () => Promise<readonly { readonly digest: string }[]>;
  /** Called for each deletion with the path of what is deleted, since others may have copies. */
  readonly onDelete?: (path: string) => void;
  readonly log: Log;
  readonly now?: () => number;
}

/** A feature store that can check for features without reading them. */
export interface TieredFeatureStore extends FeatureStore {
  has(key: string): Promise<boolean>;
}

export type TieredStores = Stores & { readonly features: TieredFeatureStore };

/** The stores of one tenant, for one request, in tiers that all tenants share. */
export function tieredStores(keys: Keys, parts: TieredParts): TieredStores {
  const { results, features, inputs, isPersistent, retention, models, log } = parts;
  const { onDelete = () => {}, now = Date.now } = parts;
  return {
    groups: new TieredGroupStore(results, keys, () => now() + retention.results, onDelete),
    images: imageStore({
      ...{ tier: inputs, log, keys, onDelete, isPersistent },
      expiry: () => now() + retention.inputs,
    }),
    features: featureStore(features, keys, () => now() + retention.features, models),
  };
}

/** One instance per request: it tracks the pending writes of its group. */
class TieredGroupStore implements GroupStore {
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

  /** Written after all masks. Until then, the group counts as unknown in every tier. */
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
  const tiers = new Tiers({ tiers: [tier], waitUntil: () => {}, log });
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
        throw error instanceof CosalError ? error : storeUnavailable(error);
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
  models: TieredParts["models"],
): TieredFeatureStore {
  /** @param name `${model digest}/${image digest}` */
  const keyOf = (name: string) => {
    const [model = "", image = ""] = name.split("/");
    return keys.features(image, model);
  };
  return {
    // Features that cannot be read are computed again.
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
