import type { GroupResult } from "./result.ts";
import type { FeatureStore, GroupStore, ImageStore, Stores, StoresOf } from "./store.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Stores in memory that keep everything: for tests and experiments. */
export function memoryStores(): StoresOf {
  const tenants = new Map<string, Stores>();
  return function memoryStoresOf(tenant) {
    const known = tenants.get(tenant);
    if (known !== undefined) return known;
    const stores = {
      groups: new MemoryGroupStore(),
      images: new MemoryImageStore(),
      features: new MemoryFeatureStore(),
    };
    tenants.set(tenant, stores);
    return stores;
  };
}

export class MemoryGroupStore implements GroupStore {
  readonly results = new Map<string, GroupResult>();
  readonly masks = new Map<string, Bytes>();
  readonly consensuses = new Map<string, Bytes>();

  async result(group: string) {
    return this.results.get(group);
  }
  async putResult(result: GroupResult) {
    this.results.set(result.id, result);
  }
  async mask(group: string, image: string) {
    return this.masks.get(`${group}/${image}`);
  }
  async putMask(group: string, image: string, record: Bytes) {
    this.masks.set(`${group}/${image}`, record);
  }
  async isComplete({ id, images, consensusOf }: GroupResult) {
    const hasMasks = images.every(({ sha256 }) => this.masks.has(`${id}/${sha256}`));
    return hasMasks && (consensusOf !== undefined || this.consensuses.has(id));
  }
  async consensus(group: string) {
    return this.consensuses.get(group);
  }
  async putConsensus(group: string, bytes: Bytes) {
    this.consensuses.set(group, bytes);
  }
  async delete(group: string) {
    for (const key of this.masks.keys()) if (key.startsWith(group)) this.masks.delete(key);
    this.consensuses.delete(group);
    return this.results.delete(group);
  }
}

export class MemoryImageStore implements ImageStore {
  readonly isPersistent: boolean = false;
  readonly files = new Map<string, Bytes>();

  async get(sha256: string) {
    return this.files.get(sha256);
  }
  async has(sha256s: readonly string[]) {
    return new Set(sha256s.filter((sha256) => this.files.has(sha256)));
  }
  async put(sha256: string, bytes: Bytes) {
    this.files.set(sha256, bytes);
  }
  async delete(sha256: string) {
    return this.files.delete(sha256);
  }
}

export class MemoryFeatureStore implements FeatureStore {
  readonly features = new Map<string, Uint8Array>();

  async get(key: string) {
    return this.features.get(key);
  }
  async put(key: string, bytes: Uint8Array) {
    this.features.set(key, bytes);
  }
  async deleteImage(sha256: string) {
    for (const key of this.features.keys()) {
      if (key.endsWith(`/${sha256}`)) this.features.delete(key);
    }
  }
}
