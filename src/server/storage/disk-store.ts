import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { LRUCache } from "lru-cache";
import { storeUnavailable } from "../../group/index.ts";
import type { Bytes, KeyValueStore } from "./key-value-store.ts";
import { type OnFault, storeError } from "./store-fault.ts";
import { decodeValue, encodeValue } from "./stored-value.ts";
import { syncFolder, syncFoldersOf } from "./sync-folder.ts";

export interface DiskStoreOptions {
  readonly path: string;
  /** Maximum bytes of all files together. The least recently used file is removed first. */
  readonly bytes: number;
  /** Milliseconds that a file is kept after it has been written. */
  readonly age: number;
  /** Whether `put` waits until the value is on the disk and survives a power failure. */
  readonly isDurable?: boolean;
  readonly onFault?: OnFault;
}

/** The parts of a key: names of folders, then of the file. */
const KEY = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;

/** Folder for files that are being written. No key begins with a dot. */
const TEMPORARY = ".unfinished";

/** Interval of the search for expired files, in milliseconds. */
const PURGE_INTERVAL = 10 * 60_000;

/**
 * Files by key, with maximum bytes and a maximum age. A file appears under its name complete or not
 * at all. A file whose content is not what was written counts as absent. `open` finds the files of
 * earlier processes. Only one process at a time may have the folder open (see `lockFolder`).
 *
 * `get`, `delete` and `deleteAll` throw CosalError store_unavailable, and `put` store_full too.
 */
export class DiskStore implements KeyValueStore {
  readonly #path: string;
  readonly #isDurable: boolean;
  readonly #onFault: OnFault;
  /** Bytes of each file by key. */
  readonly #index: LRUCache<string, number>;
  readonly #purge: NodeJS.Timeout;
  /** The last operation on each key's file. Operations on a file run one after the other. */
  readonly #lastOperation = new Map<string, Promise<unknown>>();

  private constructor(options: DiskStoreOptions) {
    const { path, bytes, age, isDurable = false, onFault = () => {} } = options;
    this.#path = path;
    this.#isDurable = isDurable;
    this.#onFault = onFault;
    this.#index = new LRUCache<string, number>({
      maxSize: bytes,
      sizeCalculation: (size) => Math.max(1, size),
      ttl: age,
      dispose: (_, key, reason) => {
        if (reason === "evict" || reason === "expire") this.#discard(key);
      },
    });
    this.#purge = setInterval(() => this.#index.purgeStale(), PURGE_INTERVAL).unref();
  }

  static async open(options: DiskStoreOptions): Promise<DiskStore> {
    const store = new DiskStore(options);
    await store.#removeUnfinished();
    await store.#find(options.age);
    return store;
  }

  /** Bytes of all files together. */
  get size(): number {
    return this.#index.calculatedSize;
  }

  has(key: string): boolean {
    return this.#index.has(key);
  }

  async get(key: string): Promise<Bytes | undefined> {
    if (this.#index.get(key) === undefined) return undefined;
    const value = await this.#read(key);
    // Read again while nobody writes, so that a file that has just been replaced is not removed.
    return value ?? this.#serialize(key, () => this.#readOrDiscard(key));
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    if (!KEY.test(key)) throw new TypeError(`Expected a key of a file but received ${key}`);
    const file = this.#file(key);
    const temporary = join(this.#path, TEMPORARY, randomUUID());
    const bytes = await encodeValue(key, value);
    await this.#serialize(key, async () => {
      try {
        await writeFile(temporary, bytes, { flush: this.#isDurable });
        const created = await mkdir(dirname(file), { recursive: true });
        await rename(temporary, file);
        if (this.#isDurable) await syncFoldersOf(file, created);
        this.#index.set(key, bytes.length);
      } catch (error) {
        this.#onFault("write", error);
        await rm(temporary, { force: true }).catch(() => {});
        throw storeError(error);
      }
    });
    // The index does not accept a file that is larger than the whole folder may be.
    if (!this.#index.has(key)) this.#discard(key);
  }

  /** @returns whether the key existed. It stays deleted even after a power failure */
  async delete(key: string): Promise<boolean> {
    const isHere = this.#index.has(key);
    await this.#deleteFile(key);
    await this.#removal(() => syncFolder(dirname(this.#file(key))));
    return isHere;
  }

  /** Removes every file below a key. */
  async deleteAll(key: string): Promise<void> {
    // Files that are being written are not in the index yet.
    const keys = new Set([...this.#index.keys(), ...this.#lastOperation.keys()]);
    const below = [...keys].filter((other) => other.startsWith(`${key}/`));
    await Promise.all(below.map((other) => this.#deleteFile(other)));
    await this.#removal(async () => {
      await rm(this.#file(key), { recursive: true, force: true });
      await syncFolder(dirname(this.#file(key)));
    });
  }

  close(): void {
    clearInterval(this.#purge);
  }

  #file(key: string): string {
    return join(this.#path, key);
  }

  async #read(key: string): Promise<Bytes | undefined> {
    try {
      return await decodeValue(key, new Uint8Array(await readFile(this.#file(key))));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      this.#onFault("read", error);
      throw storeUnavailable(error);
    }
  }

  async #readOrDiscard(key: string): Promise<Bytes | undefined> {
    const value = await this.#read(key);
    if (value !== undefined || !this.#index.has(key)) return value;
    this.#onFault("damaged");
    this.#index.delete(key);
    await this.#removal(() => rm(this.#file(key), { force: true })).catch(() => {});
    return undefined;
  }

  #deleteFile(key: string): Promise<void> {
    return this.#serialize(key, async () => {
      if (this.#index.peek(key, { allowStale: true }) === undefined) return;
      await this.#removal(() => rm(this.#file(key), { force: true }));
      this.#index.delete(key);
    });
  }

  /** Removes the file of a key that has left the index, unless the key has been written again. */
  #discard(key: string): void {
    const removal = this.#serialize(key, async () => {
      if (this.#index.has(key)) return;
      await this.#removal(() => rm(this.#file(key), { force: true }));
    });
    removal.catch(() => {});
  }

  async #removal(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#onFault("delete", error);
      throw storeUnavailable(error);
    }
  }

  #serialize<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#lastOperation.get(key) ?? Promise.resolve())
      .then(work, work)
      .finally(() => {
        if (this.#lastOperation.get(key) === turn) this.#lastOperation.delete(key);
      });
    this.#lastOperation.set(key, turn);
    return turn;
  }

  /** A folder that cannot be written can still be read. */
  async #removeUnfinished(): Promise<void> {
    const folder = join(this.#path, TEMPORARY);
    try {
      await mkdir(folder, { recursive: true });
      for (const name of await readdir(folder)) {
        await rm(join(folder, name), { recursive: true, force: true });
        this.#onFault("unfinished");
      }
    } catch (error) {
      this.#onFault("write", error);
    }
  }

  /** Adds the existing files to the index, the newest last. */
  async #find(age: number): Promise<void> {
    const entries = await readdir(this.#path, { recursive: true, withFileTypes: true });
    const files: { key: string; size: number; written: number }[] = [];
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const key = relative(this.#path, path).replaceAll(sep, "/");
      if (!entry.isFile() || !KEY.test(key)) continue;
      const { size, mtimeMs } = await stat(path);
      files.push({ key, size, written: mtimeMs });
    }
    const now = Date.now();
    for (const { key, size, written } of files.sort((a, b) => a.written - b.written)) {
      const left = age - (now - written);
      if (left > 0) this.#index.set(key, size, { ttl: left });
      else this.#discard(key);
    }
  }
}
