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
  /** Nobody waits for a bucket that has failed a moment ago: reads and writes fail each for itself. */
  readonly breakers: { readonly read: CircuitBreaker; readonly write: CircuitBreaker };
  readonly onFault?: OnFault;
  readonly now?: () => number;
}

/** Bytes of values on their way to the bucket, in memory. One that is slow takes no more than that. */
const MAX_WRITING = 128 * 2 ** 20;

/**
 * A bucket that all servers share. Each value is stored with its key, length and digest, as on disk:
 * one that is not what was written counts as absent. Its lifecycle rules delete what is too old within
 * a day (`cosal-server lifecycle`); what is too old and still there is not read.
 *
 * Values are named by what they are made of, so whoever writes one again writes the same: writes need
 * no condition. A damaged one is removed on the condition that nobody has replaced it.
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
      // One that is full has answered.
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
