import { LRUCache } from "lru-cache";

export type Bytes = Uint8Array<ArrayBuffer>;

/** Values by key, `a/b/c`, with maximum bytes and a maximum age. Any value may disappear at any time. */
export interface KeyValueStore {
  /** Bytes of all values together. */
  readonly size: number;
  has(key: string): boolean;
  get(key: string): Promise<Bytes | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @returns whether the key existed */
  delete(key: string): Promise<boolean>;
  /** Removes every value below a key. */
  deleteAll(key: string): Promise<void>;
  close(): void;
}

/** A store in which a value can have a shorter maximum age than the others. */
export interface MemoryKeyValueStore extends KeyValueStore {
  /** @param age milliseconds at most */
  put(key: string, bytes: Uint8Array, age?: number): Promise<void>;
}

/** A view of the same store. Its values expire after at most `age` milliseconds. */
export function keptFor(store: MemoryKeyValueStore, age: number): KeyValueStore {
  return {
    get size() {
      return store.size;
    },
    has: (key) => store.has(key),
    get: (key) => store.get(key),
    put: (key, bytes) => store.put(key, bytes, age),
    delete: (key) => store.delete(key),
    deleteAll: (key) => store.deleteAll(key),
    close: () => store.close(),
  };
}

/** A store in this process's memory. `age` in milliseconds. */
export function memoryKeyValueStore({
  bytes,
  age,
}: {
  bytes: number;
  age: number;
}): MemoryKeyValueStore {
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
    async put(key, value, shorter = age) {
      // In an LRUCache, 0 means no limit.
      if (shorter <= 0) values.delete(key);
      else values.set(key, value as Bytes, { ttl: Math.min(age, shorter) });
    },
    delete: async (key) => values.delete(key),
    async deleteAll(key) {
      for (const other of values.keys()) if (other.startsWith(`${key}/`)) values.delete(other);
    },
    close: () => values.clear(),
  };
}
