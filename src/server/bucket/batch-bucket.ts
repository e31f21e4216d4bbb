import type { BatchBucket } from "../../app/index.ts";
import { type Bucket, bucketError } from "./bucket.ts";

/** A tenant's part of a bucket: what lies below the tenant's name. Without tenants, the whole bucket. */
export function batchBucket(bucket: Bucket, tenant: string): BatchBucket {
  const prefix = tenant === "" ? "" : `${encodeURIComponent(tenant)}/`;

  async function call<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw bucketError(error);
    }
  }

  async function* each<T>(values: AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      for (;;) {
        const { done, value } = await call(values.next());
        if (done) return;
        yield value;
      }
    } finally {
      await values.return(undefined);
    }
  }

  return {
    async *list(below) {
      for await (const name of each(bucket.list(prefix + below))) yield name.slice(prefix.length);
    },
    get: async (key) => (await call(bucket.get(prefix + key)))?.bytes,
    put: (key, bytes, type) => call(bucket.put(prefix + key, bytes, type)),
    async read(key) {
      const blocks = await call(bucket.read(prefix + key));
      return blocks && each(blocks);
    },
    write: (key, blocks, type) => call(bucket.write(prefix + key, blocks, type)),
  };
}
