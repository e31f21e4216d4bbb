import { LRUCache } from "lru-cache";
import { CosalError } from "../../errors.ts";
import type { Bytes, KeyValueStore } from "./key-value-store.ts";

/**
 * A store on disk whose writes never fail. Values that cannot be written stay in memory, can be read
 * from there, and are written as soon as the disk can be written again. When the memory is full, the
 * least recently used value is lost.
 *
 * @param bytes maximum bytes in memory
 */
export function writeBehindStore(disk: KeyValueStore, bytes: number): KeyValueStore {
  const waiting = new LRUCache<string, Bytes>({
    maxSize: bytes,
    sizeCalculation: ({ length }) => Math.max(1, length),
  });
  let isWriting = false;

  async function writeWaiting(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    try {
      for (const [key, value] of [...waiting.entries()]) {
        if (waiting.peek(key) !== value) continue;
        await disk.put(key, value);
        // The key was deleted while it was being written. It must not come back.
        if (!waiting.has(key)) await disk.delete(key);
        else if (waiting.peek(key) === value) waiting.delete(key);
      }
    } catch {
      // The fault has been counted. The next successful write also writes the waiting values.
    } finally {
      isWriting = false;
    }
  }

  return {
    get size() {
      return disk.size;
    },
    has: (key) => waiting.has(key) || disk.has(key),
    get: async (key) => waiting.get(key) ?? (await disk.get(key)),
    async put(key, value) {
      try {
        await disk.put(key, value);
        waiting.delete(key);
      } catch (error) {
        if (!(error instanceof CosalError)) throw error;
        waiting.set(key, value as Bytes);
        return;
      }
      if (waiting.size > 0) await writeWaiting();
    },
    async delete(key) {
      const wasWaiting = waiting.delete(key);
      return (await disk.delete(key)) || wasWaiting;
    },
    async deleteAll(key) {
      for (const other of waiting.keys()) if (other.startsWith(`${key}/`)) waiting.delete(other);
      await disk.deleteAll(key);
    },
    close() {
      waiting.clear();
      disk.close();
    },
  };
}
