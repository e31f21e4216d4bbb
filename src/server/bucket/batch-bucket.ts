import type { BatchBucket } from "../../app/index.ts";
import { type Bucket, bucketError } from "./bucket.ts";

/** A tenant's part of a bucket: below the tenant's name, all of it where there are no tenants. */
export function batchBucket(bucket: Bucket, tenant: string): BatchBucket {
  const prefix = tenant === "" ? "" : `${encodeURIComponent(tenant)}/`;

  async function call<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw bucketError(error);
    }
  }

  return {
    async *list(below) {
      const names = bucket.list(prefix + below);
      for (;;) {
        const { done, value } = await call(names.next());
        if (done) return;
        yield value.slice(prefix.length);
      }
    },
    get: async (key) => (await call(bucket.get(prefix + key)))?.bytes,
    put: (key, bytes, type) => call(bucket.put(prefix + key, bytes, type)),
  };
}
