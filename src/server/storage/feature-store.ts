import type { FeatureStore } from "../../group/index.ts";
import type { KeyValueStore } from "./key-value-store.ts";

/** Features of this many writes may wait for the disk; more are kept in memory alone. */
const MAX_WRITES = 64;

/** Where features were found, for metrics. */
export type Found = "memory" | "disk" | "bucket" | "nowhere";

/** Features in memory, and on disk for the next process and for what memory has no room for. */
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
    // What cannot be read is computed.
    const found = remembered ?? (await this.#disk?.get(own).catch(() => undefined));
    if (remembered === undefined && found !== undefined) await this.#memory.put(own, found);
    this.#onLookUp(remembered ? "memory" : found ? "disk" : "nowhere");
    return found;
  }

  /** Does not wait for the disk: the group need not. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    const own = this.#key(key);
    await this.#memory.put(own, bytes);
    if (this.#disk === undefined || TieredFeatureStore.#writes >= MAX_WRITES) return;
    TieredFeatureStore.#writes++;
    // A full disk costs the next process time, no more.
    this.#disk
      .put(own, bytes)
      .catch(() => {})
      .finally(() => TieredFeatureStore.#writes--);
  }

  async deleteImage(sha256: string): Promise<void> {
    await this.#memory.deleteAll(`${this.#tenant}/${sha256}`);
    await this.#disk?.deleteAll(`${this.#tenant}/${sha256}`);
  }

  /** `${model}/${image}` with the image first, so that all of an image lie together. */
  #key(key: string): string {
    const [model, image] = key.split("/");
    return `${this.#tenant}/${image}/${model}`;
  }
}
