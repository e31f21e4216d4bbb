import { createHash } from "node:crypto";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import type {
  FeatureStore,
  GroupResult,
  GroupStore,
  ImageStore,
  StoresOf,
} from "../../group/index.ts";
import { Folder } from "./folder.ts";

const MEBIBYTE = 1024 * 1024;
const DAY = 24 * 60 * 60 * 1000;

/** Files of another layout lie in a folder of another name, and are not looked at. */
const LAYOUT = "1";

/** How the bytes are shared out. Photographs are large and soon forgotten; masks are 5 to 50 kB. */
const SHARES = { images: 0.4, groups: 0.3, features: 0.3 };

/** Photographs are kept to be named again, results to be fetched. */
const AGES = { images: DAY, groups: 30 * DAY, features: 30 * DAY };

/** Features of this many writes may wait for the disk; more are kept in memory alone. */
const MOST_WRITES = 64;

export interface DiskStoresOptions {
  readonly path: string;
  /** Of all files together. */
  readonly bytes: number;
  /** Of the features kept in memory besides. */
  readonly memoryBytes?: number;
  /** A look-up in the feature cache, and where it was found. */
  readonly onLookUp?: (found: "memory" | "disk" | "nowhere") => void;
}

export interface DiskStores {
  readonly of: StoresOf;
  /** Bytes on disk, by kind. */
  sizes(): Readonly<Record<keyof typeof SHARES, number>>;
  close(): void;
}

/** Stores in a folder that a restart leaves as it is. */
export async function diskStores({
  path,
  bytes,
  memoryBytes = 512 * MEBIBYTE,
  onLookUp = () => {},
}: DiskStoresOptions): Promise<DiskStores> {
  const open = (kind: keyof typeof SHARES) =>
    Folder.open({
      path: join(path, LAYOUT, kind),
      bytes: Math.max(1, Math.floor(bytes * SHARES[kind])),
      age: AGES[kind],
    });
  const [groups, images, features] = await Promise.all([
    open("groups"),
    open("images"),
    open("features"),
  ]);
  const memory = new LRUCache<string, Uint8Array>({
    maxSize: memoryBytes,
    sizeCalculation: ({ length }) => Math.max(1, length),
  });
  return {
    of(tenant) {
      const name = folderOf(tenant);
      return {
        groups: new DiskGroupStore(groups, name),
        images: new DiskImageStore(images, name),
        features: new TieredFeatureStore(memory, features, name, onLookUp),
      };
    },
    sizes: () => ({ groups: groups.size, images: images.size, features: features.size }),
    close() {
      for (const folder of [groups, images, features]) folder.close();
    },
  };
}

/** Tenants are called as their keys say; not every such name is one of a folder. */
function folderOf(tenant: string): string {
  if (tenant === "") return "shared";
  return `tenant-${createHash("sha256").update(tenant).digest("hex").slice(0, 32)}`;
}

class DiskGroupStore implements GroupStore {
  readonly #folder: Folder;
  readonly #tenant: string;

  constructor(folder: Folder, tenant: string) {
    this.#folder = folder;
    this.#tenant = tenant;
  }

  async result(group: string): Promise<GroupResult | undefined> {
    const bytes = await this.#folder.get(this.#key(group, "result.json"));
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  }

  async putResult(result: GroupResult): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(result));
    await this.#folder.put(this.#key(result.id, "result.json"), bytes);
  }

  mask(group: string, image: string) {
    return this.#folder.get(this.#key(group, `masks/${image}`));
  }

  putMask(group: string, image: string, record: Uint8Array): Promise<void> {
    return this.#folder.put(this.#key(group, `masks/${image}`), record);
  }

  consensus(group: string) {
    return this.#folder.get(this.#key(group, "consensus"));
  }

  putConsensus(group: string, bytes: Uint8Array): Promise<void> {
    return this.#folder.put(this.#key(group, "consensus"), bytes);
  }

  async delete(group: string): Promise<boolean> {
    const isHere = await this.#folder.delete(this.#key(group, "result.json"));
    await this.#folder.deleteAll(`${this.#tenant}/${group}`);
    return isHere;
  }

  #key(group: string, name: string): string {
    return `${this.#tenant}/${group}/${name}`;
  }
}

class DiskImageStore implements ImageStore {
  readonly #folder: Folder;
  readonly #tenant: string;

  constructor(folder: Folder, tenant: string) {
    this.#folder = folder;
    this.#tenant = tenant;
  }

  get(sha256: string) {
    return this.#folder.get(this.#key(sha256));
  }

  async has(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(sha256s.filter((sha256) => this.#folder.has(this.#key(sha256))));
  }

  put(sha256: string, bytes: Uint8Array): Promise<void> {
    return this.#folder.put(this.#key(sha256), bytes);
  }

  delete(sha256: string): Promise<boolean> {
    return this.#folder.delete(this.#key(sha256));
  }

  #key(sha256: string): string {
    return `${this.#tenant}/${sha256}`;
  }
}

/** Features in memory, and on disk for the next process and for what memory has no room for. */
class TieredFeatureStore implements FeatureStore {
  static #writes = 0;
  readonly #memory: LRUCache<string, Uint8Array>;
  readonly #folder: Folder;
  readonly #tenant: string;
  readonly #onLookUp: NonNullable<DiskStoresOptions["onLookUp"]>;

  constructor(
    memory: LRUCache<string, Uint8Array>,
    folder: Folder,
    tenant: string,
    onLookUp: NonNullable<DiskStoresOptions["onLookUp"]>,
  ) {
    this.#memory = memory;
    this.#folder = folder;
    this.#tenant = tenant;
    this.#onLookUp = onLookUp;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const own = this.#key(key);
    const remembered = this.#memory.get(own);
    const found = remembered ?? (await this.#folder.get(own));
    if (remembered === undefined && found !== undefined) this.#memory.set(own, found);
    this.#onLookUp(remembered ? "memory" : found ? "disk" : "nowhere");
    return found;
  }

  /** Does not wait for the disk: the group need not. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    const own = this.#key(key);
    this.#memory.set(own, bytes);
    if (TieredFeatureStore.#writes >= MOST_WRITES) return;
    TieredFeatureStore.#writes++;
    // A full disk costs the next process time, no more.
    this.#folder
      .put(own, bytes)
      .catch(() => {})
      .finally(() => TieredFeatureStore.#writes--);
  }

  async deleteImage(sha256: string): Promise<void> {
    const prefix = `${this.#tenant}/${sha256}/`;
    for (const key of this.#memory.keys()) if (key.startsWith(prefix)) this.#memory.delete(key);
    await this.#folder.deleteAll(`${this.#tenant}/${sha256}`);
  }

  /** `${model}/${image}` with the image first, so that all of an image lie together. */
  #key(key: string): string {
    const [model, image] = key.split("/");
    return `${this.#tenant}/${image}/${model}`;
  }
}
