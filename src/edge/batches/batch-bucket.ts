import type { R2Bucket } from "@cloudflare/workers-types";
import type { BatchBucket } from "../../app/index.ts";
import { blocks } from "../../app/multipart/chunks.ts";
import { storeUnavailable } from "../../group/index.ts";

/** Bytes of a part of a large object. R2 wants 5 MiB at least, and parts of one size. */
const PART = 8 * 1024 * 1024;

/** Comes after every other text. */
const LAST_CHARACTER = "\u{10ffff}";

/** A tenant's part of an R2 bucket: below the tenant's name, all of it where there are no tenants. */
export function batchBucket(bucket: R2Bucket, tenant: string): BatchBucket {
  const own = tenant === "" ? "" : `${encodeURIComponent(tenant)}/`;

  /**
   * Names below a prefix. R2 lists them in alphabetical order, with those of a folder's folders between
   * those of the folder. Here, folders in a folder with files of its own come after these.
   */
  async function* list(prefix: string): AsyncGenerator<string> {
    let folder: string | undefined;
    let skipped: string | undefined;
    const later: string[] = [];
    async function* postponed() {
      for (const name of later.splice(0)) yield* list(name);
    }
    for (let startAfter = ""; ; ) {
      const page = await call(bucket.list({ prefix, ...(startAfter !== "" && { startAfter }) }));
      for (const { key } of page.objects) {
        startAfter = key;
        if (skipped !== undefined && key.startsWith(skipped)) continue;
        const place = key.slice(0, key.lastIndexOf("/") + 1);
        if (folder !== undefined && place !== folder && key.startsWith(folder)) {
          skipped = key.slice(0, key.indexOf("/", folder.length) + 1);
          later.push(skipped);
          continue;
        }
        if (folder !== undefined && place !== folder) yield* postponed();
        folder = place;
        yield key;
      }
      if (!page.truncated) break;
      const isInSkipped = skipped !== undefined && startAfter.startsWith(skipped);
      if (isInSkipped) startAfter = `${skipped}${LAST_CHARACTER}`;
    }
    yield* postponed();
  }

  return {
    async *list(prefix) {
      for await (const key of list(own + prefix)) yield key.slice(own.length);
    },
    async get(key) {
      const object = await call(bucket.get(own + key));
      return object === null ? undefined : new Uint8Array(await call(object.arrayBuffer()));
    },
    async put(key, bytes, contentType) {
      await call(bucket.put(own + key, bytes, { httpMetadata: { contentType } }));
    },
    async read(key) {
      const object = await call(bucket.get(own + key));
      return object === null ? undefined : guarded(object.body as unknown as ReadableStream);
    },
    async write(key, bytes, contentType) {
      const options = { httpMetadata: { contentType } };
      const upload = await call(bucket.createMultipartUpload(own + key, options));
      const parts = [];
      try {
        for await (const part of blocks(bytes, PART)) {
          parts.push(await call(upload.uploadPart(parts.length + 1, part)));
        }
        await call(upload.complete(parts));
      } catch (error) {
        await upload.abort().catch(() => {});
        throw error;
      }
    },
  };
}

/** @throws CosalError store_unavailable */
async function call<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storeUnavailable(error);
  }
}

/** @throws CosalError (while iterated) store_unavailable */
async function* guarded(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await call(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
