import type { CircuitBreaker } from "../../circuit-breaker.ts";
import { kindOf } from "../../stores/keys.ts";
import type { Retention } from "../../stores/retention.ts";
import type { Tier } from "../../stores/tier.ts";
import type { OnFault } from "../storage/store-fault.ts";
import { decodeValue, encodeValue } from "../storage/stored-value.ts";
import { type Bucket, bucketError } from "./bucket.ts";

export interface BucketTierParts {
  readonly bucket: Bucket;
  readonly retention: Retention;
  /** Nobody waits for a bucket that has just failed. Reads and writes have separate breakers. */
  readonly breakers: { readonly read: CircuitBreaker; readonly write: CircuitBreaker };
  readonly onFault?: OnFault;
  readonly now?: () => number;
}

/** Maximum bytes in memory of values that are being written. A slow bucket would fill the memory. */
const MAX_WRITING = 128 * 2 ** 20;

/**
 * A bucket that all servers share. Each value is stored with its key, length and digest, as on disk. A
 * damaged value counts as missing. Expired values are not read; the bucket's lifecycle rules delete them
 * within a day (`cosal-server lifecycle`).
 *
 * Two servers that write the same key write the same value, so writes have no condition. A damaged value
 * is only deleted if no server has replaced it in the meantime.
 */
export function sharedBucketTier(parts: BucketTierParts): Tier {
  const { bucket, retention, breakers, onFault = () => {}, now = Date.now } = parts;
  let writing = 0;

  async function call<T>(kind: "read" | "write", work: () => Promise<T>): Promise<T> {
    const permit = breakers[kind].enter();
    if (permit === undefined) throw bucketError(new Error("the bucket has failed a moment ago"));
    try {
      const value = await work();
      permit.succeed();
      return value;
    } catch (error) {
      onFault(kind, error);
      const told = bucketError(error);
      // A full bucket still works: it has responded.
      if (told.code === "store_full") permit.succeed();
      else permit.fail();
      throw told;
    }
  }

  return {
    name: "bucket",
    async get(key) {
      const found = await call("read", () => bucket.get(key));
      if (found === undefined) return undefined;
      const expires = found.written + retention[kindOf(key)];
      if (now() >= expires) return undefined;
      const bytes = await decodeValue(key, found.bytes);
      if (bytes !== undefined) return { bytes, expires };
      onFault("damaged");
      await bucket.delete(key, found.tag).catch(() => {});
      return undefined;
    },
    async has(key) {
      const written = await call("read", () => bucket.written(key));
      return written !== undefined && now() < written + retention[kindOf(key)];
    },
    async put(key, { bytes }) {
      if (writing + bytes.length > MAX_WRITING) {
        throw bucketError(new Error("too many values wait for the bucket"));
      }
      writing += bytes.length;
      try {
        const object = await encodeValue(key, bytes);
        await call("write", () => bucket.put(key, object));
      } finally {
        writing -= bytes.length;
      }
    },
    async forget(prefix, keys) {
      try {
        await Promise.all(keys.map((key) => bucket.delete(key)));
        await bucket.deleteAll(prefix);
      } catch (error) {
        onFault("delete", error);
        throw bucketError(error);
      }
    },
  };
}
