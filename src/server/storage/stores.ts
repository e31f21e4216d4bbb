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

/** With less, the photographs of a few large requests would drive each other out. */
const MIN_PERSISTENT_BYTES = 1024 * MEBIBYTE;

/** Photographs are kept to be named again, results to be fetched. */
const AGES = { images: DAY, groups: 30 * DAY, features: 30 * DAY };

/** What passes through for Workers: for as long as the same group may come again. */
const WORKER_RESULTS = { bytes: 256 * MEBIBYTE, age: 10 * MINUTE };

/**
 * What the tenants of Workers are called here, before the name that a signed request gives. Workers
 * keep what they want to keep themselves, and remove it when they are told to: nothing of theirs is
 * written to this machine's disk, and nothing is kept longer than they say.
 */
export const WORKERS = "workers:";

/** Results in memory while the disk does not take them. */
const WRITE_BEHIND_BYTES = 64 * MEBIBYTE;

export interface ServerStoresOptions {
  readonly folder: DataFolder;
  /** Of the features in memory. */
  readonly memoryBytes?: number;
  readonly onLookUp?: (found: Found) => void;
  readonly onFault?: (store: StoredKind | "bucket") => OnFault;
  /** What several servers share, instead of this machine's disk. */
  readonly shared?: Pick<SharedStoresParts, "bucket" | "models" | "log" | "deletions">;
}

export interface ServerStores {
  readonly of: StoresOf;
  /** Bytes on disk, by kind. */
  sizes(): Readonly<Record<keyof typeof AGES, number>>;
  /** Whether what is shared can be reached, where something is. */
  state?(): Promise<BackendState>;
  /** Resolves when all that was to be written has been written, or could not be. */
  settled?(): Promise<void>;
  close(): void;
}

/**
 * Stores in a folder, which a restart leaves as it is, or in a bucket with the folder before it; those
 * of `WORKERS` in memory.
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
      // A photograph that was taken may be needed by a job that was. All else can be made again.
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

/** Photographs of Workers are in the request, and nobody asks for them again. */
const EMPTY_STORE: KeyValueStore = {
  size: 0,
  has: () => false,
  get: async () => undefined,
  put: async () => {},
  delete: async () => false,
  deleteAll: async () => {},
  close() {},
};

/** Tenants are called as their keys say; not every such name is one of a folder. */
function folderOf(tenant: string): string {
  if (tenant === "") return "shared";
  return `tenant-${createHash("sha256").update(tenant).digest("hex").slice(0, 32)}`;
}
