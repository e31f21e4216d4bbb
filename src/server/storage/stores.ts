import { createHash } from "node:crypto";
import type { BackendState } from "../../app/index.ts";
import type { Stores, StoresOf } from "../../group/index.ts";
import { type SharedStoresParts, sharedStores } from "../bucket/shared-stores.ts";
import type { DataFolder, StoredKind } from "./data-folder.ts";
import { DiskStore } from "./disk-store.ts";
import { type Found, TieredFeatureStore } from "./feature-store.ts";
import { type KeyValueStore, keptFor, memoryKeyValueStore } from "./key-value-store.ts";
import type { OnFault } from "./store-fault.ts";
import { TenantGroupStore, TenantImageStore } from "./tenant-stores.ts";
import { writeBehindStore } from "./write-behind-store.ts";

const MEBIBYTE = 1024 * 1024;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Minimum. With less, the photographs of a few large requests would displace each other. */
const MIN_PERSISTENT_BYTES = 1024 * MEBIBYTE;

/** Photographs are kept for later requests by hash, results to be fetched. */
const AGES = { images: DAY, groups: 30 * DAY, features: 30 * DAY };

/** Results for Workers, kept while the same group may be sent again. */
const WORKER_RESULTS = { bytes: 256 * MEBIBYTE, age: 10 * MINUTE };

/**
 * Prefix of the names of Workers' tenants, which signed requests give. Workers have stores of their own
 * and delete from them on request. So their data is not written to this machine's disk, and not kept
 * longer than they say.
 */
export const WORKERS = "workers:";

/** Bytes of results in memory while the disk cannot be written. */
const WRITE_BEHIND_BYTES = 64 * MEBIBYTE;

export interface ServerStoresOptions {
  readonly folder: DataFolder;
  /** Maximum bytes of the features in memory. */
  readonly memoryBytes?: number;
  readonly onLookUp?: (found: Found) => void;
  readonly onFault?: (store: StoredKind | "bucket") => OnFault;
  /** Stores that several servers share, instead of this machine's disk. */
  readonly shared?: Pick<SharedStoresParts, "bucket" | "models" | "log" | "deletions">;
}

export interface ServerStores {
  readonly of: StoresOf;
  /** Bytes on disk, by kind. */
  sizes(): Readonly<Record<keyof typeof AGES, number>>;
  /** Whether the shared stores can be reached. Undefined if there are none. */
  state?(): Promise<BackendState>;
  /** Resolves when all pending writes have been made or have failed. */
  settled?(): Promise<void>;
  close(): void;
}

/**
 * Stores in a folder that survive a restart, or in a bucket with the folder as a cache. Those of
 * `WORKERS` are in memory.
 */
export async function serverStores({
  folder,
  memoryBytes = 512 * MEBIBYTE,
  onLookUp = () => {},
  onFault = () => () => {},
  shared,
}: ServerStoresOptions): Promise<ServerStores> {
  const memory = memoryKeyValueStore({ bytes: memoryBytes, age: AGES.features });
  const workerResults = memoryKeyValueStore(WORKER_RESULTS);
  const own = await (shared === undefined
    ? diskStores({ folder, memory, onLookUp, onFault })
    : sharedStores({ ...shared, folder, memory, onLookUp, onFault }));

  function ofWorkers(tenant: string, keep: number | undefined): Stores {
    const name = folderOf(tenant);
    const age = keep === undefined ? WORKER_RESULTS.age : 1000 * keep;
    return {
      groups: new TenantGroupStore(keptFor(workerResults, age), name),
      images: new TenantImageStore(EMPTY_STORE, name, false),
      features: new TieredFeatureStore({ memory: keptFor(memory, age) }, name, onLookUp),
    };
  }

  return {
    ...own,
    of: (tenant, keep) =>
      tenant.startsWith(WORKERS) ? ofWorkers(tenant, keep) : own.of(tenant, keep),
    close() {
      for (const store of [own, memory, workerResults]) store.close();
    },
  };
}

async function diskStores({
  folder,
  memory,
  onLookUp,
  onFault,
}: Omit<SharedStoresParts, "bucket" | "models" | "log">): Promise<ServerStores> {
  const open = (kind: keyof typeof AGES) =>
    DiskStore.open({
      ...folder[kind],
      age: AGES[kind],
      // An accepted job may need a stored photograph. Everything else can be computed again.
      isDurable: kind === "images",
      onFault: onFault(kind),
    });
  const [results, images, features] = await Promise.all([
    open("groups"),
    open("images"),
    open("features"),
  ]);
  const groups = writeBehindStore(results, WRITE_BEHIND_BYTES);
  const hasRoom = folder.images.bytes >= MIN_PERSISTENT_BYTES;
  return {
    of(tenant) {
      const name = folderOf(tenant);
      return {
        groups: new TenantGroupStore(groups, name),
        images: new TenantImageStore(images, name, hasRoom),
        features: new TieredFeatureStore({ memory, disk: features }, name, onLookUp),
      };
    },
    sizes: () => ({ groups: groups.size, images: images.size, features: features.size }),
    close() {
      for (const store of [groups, images, features]) store.close();
    },
  };
}

/** Photographs of Workers are part of the request and not used again. */
const EMPTY_STORE: KeyValueStore = {
  size: 0,
  has: () => false,
  get: async () => undefined,
  put: async () => {},
  delete: async () => false,
  deleteAll: async () => {},
  close() {},
};

/** Tenants have the names of their keys. Not every such name is valid for a folder. */
function folderOf(tenant: string): string {
  if (tenant === "") return "shared";
  return `tenant-${createHash("sha256").update(tenant).digest("hex").slice(0, 32)}`;
}
