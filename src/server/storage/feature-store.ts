import type { FeatureStore } from "../../group/index.ts";
import type { KeyValueStore } from "./key-value-store.ts";

/** Maximum number of writes that wait for the disk. Further features are kept in memory only. */
const MAX_WRITES = 64;

/** Where features were found, for metrics. */
export type Found = "memory" | "disk" | "bucket" | "nowhere";

/** Features in memory, and on disk for the next process and for those that do not fit in memory. */
export class TieredFeatureStore implements FeatureStore {
  static #writes = 0;
  readonly #memory: KeyValueStore;
  readonly #disk: KeyValueStore | undefined;
  readonly #tenant: string;
  readonly #onLookUp: (found: Found) => void;

  constructor(
    tiers: { readonly memory: KeyValueStore; readonly disk?: KeyValueStore },
    tenant: string,
    onLookUp: (found: Found) => void,
  ) {
    this.#memory = tiers.memory;
    this.#disk = tiers.disk;
    this.#tenant = tenant;
    this.#onLookUp = onLookUp;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const own = this.#key(key);
    const remembered = await this.#memory.get(own);
    // Features that cannot be read are computed.
    const found = remembered ?? (await this.#disk?.get(own).catch(() => undefined));
    if (remembered === undefined && found !== undefined) await this.#memory.put(own, found);
    this.#onLookUp(remembered ? "memory" : found ? "disk" : "nowhere");
    return found;
  }

  /** Does not wait for the disk, as the group does not depend on it. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    const own = this.#key(key);
    await this.#memory.put(own, bytes);
    if (this.#disk === undefined || TieredFeatureStore.#writes >= MAX_WRITES) return;
    TieredFeatureStore.#writes++;
    // If the disk is full, the next process only has to compute the features again.
    this.#disk
      .put(own, bytes)
      .catch(() => {})
      .finally(() => TieredFeatureStore.#writes--);
  }

  async deleteImage(sha256: string): Promise<void> {
    await this.#memory.deleteAll(`${this.#tenant}/${sha256}`);
    await this.#disk?.deleteAll(`${this.#tenant}/${sha256}`);
  }

  /** `${model}/${image}` with the image first, so that all features of an image are in one folder. */
  #key(key: string): string {
    const [model, image] = key.split("/");
    return `${this.#tenant}/${image}/${model}`;
  }
}
