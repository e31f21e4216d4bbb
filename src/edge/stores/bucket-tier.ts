import type { R2Bucket, R2Object } from "@cloudflare/workers-types";
import { kindOf } from "../../stores/keys.ts";
import type { Retention } from "../../stores/retention.ts";
import type { Tier } from "../../stores/tier.ts";

/**
 * An R2 bucket: global and durable, with checksums of its own. Its lifecycle rules delete expired
 * objects within a day (see docs/deploy.md). Expired objects that are still there are not read.
 */
export function bucketTier(
  bucket: R2Bucket,
  retention: Retention,
  now: () => number = Date.now,
): Tier {
  /** R2 returns an expired object without its body. It counts as missing. */
  const find = async (key: string) => {
    const oldest = new Date(now() - retention[kindOf(key)]);
    const object = await bucket.get(key, { onlyIf: { uploadedAfter: oldest } });
    return object !== null && "body" in object ? object : undefined;
  };
  const expiry = (object: R2Object) => object.uploaded.getTime() + retention[kindOf(object.key)];
  return {
    name: "bucket",
    async get(key) {
      const object = await find(key);
      if (object === undefined) return undefined;
      return { bytes: new Uint8Array(await object.arrayBuffer()), expires: expiry(object) };
    },
    async stream(key) {
      const object = await find(key);
      return object?.body as unknown as ReadableStream<Uint8Array> | undefined;
    },
    async has(key) {
      const object = await bucket.head(key);
      return object !== null && now() < expiry(object);
    },
    async put(key, { bytes }) {
      await bucket.put(key, bytes);
    },
    async forget(prefix, keys) {
      if (keys.length > 0) await bucket.delete([...keys]);
      // A page has at most 1,000 keys, and one call deletes as many.
      for (;;) {
        const { objects } = await bucket.list({ prefix });
        if (objects.length === 0) return;
        await bucket.delete(objects.map(({ key }) => key));
      }
    },
  };
}
