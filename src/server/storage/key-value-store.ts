import { LRUCache } from "lru-cache";

export type Bytes = Uint8Array<ArrayBuffer>;

/** Values by key, `a/b/c`, within a number of bytes and for a time; it may forget any at any time. */
export interface KeyValueStore {
  /** Bytes of all values together. */
  readonly size: number;
  has(key: string): boolean;
  get(key: string): Promise<Bytes | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Whether it was here. */
  delete(key: string): Promise<boolean>;
  /** Removes every value below a key. */
  deleteAll(key: string): Promise<void>;
  close(): void;
}

/** In this process's memory. `age` in milliseconds. */
export function memoryKeyValueStore({ bytes, age }: { bytes: number; age: number }): KeyValueStore {
  const values = new LRUCache<string, Bytes>({
    maxSize: bytes,
    sizeCalculation: ({ length }) => Math.max(1, length),
    ttl: age,
  });
  return {
    get size() {
      return values.calculatedSize;
    },
    has: (key) => values.has(key),
    get: async (key) => values.get(key),
    async put(key, value) {
      values.set(key, value as Bytes);
    },
    delete: async (key) => values.delete(key),
    async deleteAll(key) {
      for (const other of values.keys()) if (other.startsWith(`${key}/`)) values.delete(other);
    },
    close: () => values.clear(),
  };
}
