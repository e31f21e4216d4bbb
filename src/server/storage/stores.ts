import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Stores, StoresOf } from "../../group/index.ts";
import { DiskStore } from "./disk-store.ts";
import { type Found, TieredFeatureStore } from "./feature-store.ts";
import { type KeyValueStore, memoryKeyValueStore } from "./key-value-store.ts";
import { privateFolder } from "./private-folder.ts";
import { TenantGroupStore, TenantImageStore } from "./tenant-stores.ts";

const MEBIBYTE = 1024 * 1024;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Files of another layout lie in a folder of another name, and are not looked at. */
const LAYOUT = "1";

/** How the bytes are shared out. Photographs are large and soon forgotten; masks are 5 to 50 kB. */
const SHARES = { images: 0.4, groups: 0.3, features: 0.3 };

/** Photographs are kept to be named again, results to be fetched. */
const AGES = { images: DAY, groups: 30 * DAY, features: 30 * DAY };

/** What passes through for Workers: for as long as the same group may come again. */
const WORKER_RESULTS = { bytes: 256 * MEBIBYTE, age: 10 * MINUTE };

/**
 * The tenant that Workers are. They keep what they want to keep themselves, and remove it when they
 * are told to: nothing of theirs is written to this machine's disk.
 */
export const WORKERS = "workers:";

export interface ServerStoresOptions {
  readonly path: string;
  /** Of all files together. */
  readonly bytes: number;
  /** Of the features in memory. */
  readonly memoryBytes?: number;
  readonly onLookUp?: (found: Found) => void;
}

export interface ServerStores {
  readonly of: StoresOf;
  /** Bytes on disk, by kind. */
  sizes(): Readonly<Record<keyof typeof SHARES, number>>;
  close(): void;
}

/** Stores in a folder, which a restart leaves as it is; those of `WORKERS` in memory. */
export async function serverStores({
  path,
  bytes,
  memoryBytes = 512 * MEBIBYTE,
  onLookUp = () => {},
}: ServerStoresOptions): Promise<ServerStores> {
  const folder = await privateFolder(join(path, LAYOUT));
  const open = (kind: keyof typeof SHARES) =>
    DiskStore.open({
      path: join(folder, kind),
      bytes: Math.max(1, Math.floor(bytes * SHARES[kind])),
      age: AGES[kind],
    });
  const [groups, images, features] = await Promise.all([
    open("groups"),
    open("images"),
    open("features"),
  ]);
  const memory = memoryKeyValueStore({ bytes: memoryBytes, age: AGES.features });
  const workerResults = memoryKeyValueStore(WORKER_RESULTS);
  return {
    of(tenant): Stores {
      const name = folderOf(tenant);
      const isWorker = tenant === WORKERS;
      return {
        groups: new TenantGroupStore(isWorker ? workerResults : groups, name),
        images: new TenantImageStore(isWorker ? EMPTY_STORE : images, name),
        features: new TieredFeatureStore(
          isWorker ? { memory } : { memory, disk: features },
          name,
          onLookUp,
        ),
      };
    },
    sizes: () => ({ groups: groups.size, images: images.size, features: features.size }),
    close() {
      for (const store of [groups, images, features, memory, workerResults]) store.close();
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
