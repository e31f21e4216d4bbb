import { LRUCache } from "lru-cache";
import { CosalError } from "../../errors.ts";
import type { Bytes, KeyValueStore } from "./key-value-store.ts";

/**
 * A store on disk whose writes never fail: what the disk does not take stays in memory, is found
 * there, and goes to the disk as soon as that takes something again. Memory that is full forgets
 * what was used longest ago.
 *
 * @param bytes of memory
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
        // Deleted while it was being written: it must not come back.
        if (!waiting.has(key)) await disk.delete(key);
        else if (waiting.peek(key) === value) waiting.delete(key);
      }
    } catch {
      // The disk has counted it; the next that it takes brings the rest.
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
