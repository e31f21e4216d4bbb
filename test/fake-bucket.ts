import type { BatchBucket } from "../src/app/index.ts";
import { storeUnavailable } from "../src/group/index.ts";

/** A bucket in memory, that may be away for the next few calls. */
export function fakeBucket(photographs: Readonly<Record<string, string>>) {
  const files = new Map(
    Object.entries(photographs).map(([key, text]) => [key, new TextEncoder().encode(text)]),
  );
  const away = { failures: 0 };
  /** Keys of the objects that were written, in order. */
  const written: string[] = [];
  const check = () => {
    if (away.failures-- > 0) throw storeUnavailable(new Error("away"));
  };
  const bucket: BatchBucket = {
    async *list(prefix) {
      for (const key of [...files.keys()].sort()) if (key.startsWith(prefix)) yield key;
    },
    async get(key) {
      check();
      return files.get(key);
    },
    async put(key, bytes) {
      check();
      files.set(key, bytes);
      written.push(key);
    },
    async read(key) {
      check();
      const file = files.get(key);
      return file && new Blob([file]).stream();
    },
    async write(key, blocks) {
      check();
      const pieces = await Array.fromAsync(blocks);
      files.set(key, new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()));
      written.push(key);
    },
  };
  return { files, away, written, bucket };
}
