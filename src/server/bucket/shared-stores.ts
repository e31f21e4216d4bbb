import { createHash } from "node:crypto";
import type { BackendState, Log } from "../../app/index.ts";
import { CircuitBreaker } from "../../circuit-breaker.ts";
import type { StoresOf } from "../../group/index.ts";
import { Keys, kindOf } from "../../stores/keys.ts";
import { RETENTION } from "../../stores/retention.ts";
import { tieredStores } from "../../stores/tiered-stores.ts";
import { Tiers } from "../../stores/tiers.ts";
import type { Deletions } from "../cluster/deletions.ts";
import type { DataFolder, StoredKind } from "../storage/data-folder.ts";
import { DiskStore } from "../storage/disk-store.ts";
import type { Found } from "../storage/feature-store.ts";
import { keptFor, type MemoryKeyValueStore } from "../storage/key-value-store.ts";
import type { OnFault } from "../storage/store-fault.ts";
import type { Bucket } from "./bucket.ts";
import { sharedBucketTier } from "./bucket-tier.ts";
import { keyValueTier } from "./key-value-tier.ts";

/**
 * How long a server keeps values in its own memory and on its disk, in milliseconds. It may not learn
 * that another server has deleted a value.
 */
const NEAR_TIME = 3_600_000;

/** Minimum interval between two checks of the bucket, in milliseconds. */
const PROBE_INTERVAL = 2_000;

export interface SharedStoresParts {
  readonly bucket: Bucket;
  readonly folder: DataFolder;
  /** Memory for features, shared with other stores. */
  readonly memory: MemoryKeyValueStore;
  readonly models: () => Promise<readonly { readonly digest: string }[]>;
  readonly log: Log;
  /** Tells the other servers about deletions, if there is a way to. */
  readonly deletions?: Deletions | undefined;
  readonly onLookUp: (found: Found) => void;
  readonly onFault: (store: StoredKind | "bucket") => OnFault;
}

export interface SharedStores {
  readonly of: StoresOf;
  /** Bytes on this machine's disk, by kind. */
  sizes(): Readonly<Record<"groups" | "images" | "features", number>>;
  /** Whether the bucket can be read and written now. */
  state(): Promise<BackendState>;
  /** Resolves when every pending write has succeeded or failed. */
  settled(): Promise<void>;
  close(): void;
}

/** Stores in a bucket that several servers share. This machine's memory and disk are asked first. */
export async function sharedStores(parts: SharedStoresParts): Promise<SharedStores> {
  const { bucket, folder, memory, models, log, deletions, onLookUp, onFault } = parts;
  const open = (kind: "groups" | "features") =>
    DiskStore.open({ ...folder[kind], age: NEAR_TIME, onFault: onFault(kind) });
  const [groups, features] = await Promise.all([open("groups"), open("features")]);
  const breakers = { read: new CircuitBreaker(), write: new CircuitBreaker() };
  const shared = sharedBucketTier({
    ...{ bucket, breakers, retention: RETENTION },
    onFault: onFault("bucket"),
  });
  const disk = keyValueTier("disk", { results: groups, features }, NEAR_TIME);
  const remembered = keyValueTier("memory", { features: keptFor(memory, NEAR_TIME) }, NEAR_TIME);
  const underWay = new Set<Promise<unknown>>();
  const waitUntil = (promise: Promise<unknown>) => {
    const settled = promise.catch(() => {}).finally(() => underWay.delete(settled));
    underWay.add(settled);
  };
  const onForget = (prefix: string, keys: readonly string[]) =>
    deletions?.announce({ prefix, keys });
  const results = new Tiers({ tiers: [disk, shared], waitUntil, log, onForget });
  const encoded = new Tiers({
    tiers: [remembered, disk, shared],
    ...{ waitUntil, log, onForget },
    onLookUp: (found) => onLookUp((found ?? "nowhere") as Found),
  });
  deletions?.listen(({ prefix, keys }) => {
    const tiersOfKind = kindOf(prefix) === "results" ? results : encoded;
    waitUntil(tiersOfKind.forgetNear(prefix, keys));
  });
  const tiers = {
    results,
    features: encoded,
    inputs: shared,
    isPersistent: true,
    retention: RETENTION,
    ...{ models, log },
  };

  let asked = Number.NEGATIVE_INFINITY;
  let answer: Promise<string | undefined> = Promise.resolve(undefined);
  function problem(): Promise<string | undefined> {
    if (performance.now() - asked >= PROBE_INTERVAL) {
      asked = performance.now();
      answer = bucket.check().then(
        () => undefined,
        (error: Error) => `it cannot be reached (${error.name})`,
      );
    }
    return answer;
  }

  return {
    of: (tenant) => tieredStores(new Keys(nameOf(tenant)), tiers),
    sizes: () => ({ groups: groups.size, images: 0, features: features.size }),
    async state() {
      const found = await problem();
      const isFailing = breakers.read.wait > 0 || breakers.write.wait > 0;
      const reason = found ?? (isFailing ? "it has failed a moment ago" : undefined);
      return { name: "bucket", ready: reason === undefined, reason: reason ?? "it can be reached" };
    },
    async settled() {
      await Promise.all(underWay);
    },
    close() {
      groups.close();
      features.close();
      bucket.close();
    },
  };
}

/** A name for objects. The names of tenants may have characters that object names cannot have. */
function nameOf(tenant: string): string {
  return tenant && createHash("sha256").update(tenant).digest("hex").slice(0, 32);
}
