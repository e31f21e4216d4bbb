import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { LRUCache } from "lru-cache";
import type { Bytes, KeyValueStore } from "./key-value-store.ts";

export interface DiskStoreOptions {
  readonly path: string;
  /** Bytes of all files together. What was used longest ago goes first. */
  readonly bytes: number;
  /** Milliseconds that a file is kept after it was written. */
  readonly age: number;
}

/** The parts of a key: names of folders and, last, of a file. */
const KEY = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;

/** Where files are written before they get their name. No key begins with a dot. */
const TEMPORARY = ".unfinished";

/** Between two looks for files that are too old, in milliseconds. */
const PURGE_INTERVAL = 10 * 60_000;

/**
 * Files by key, within a number of bytes and for a time. A file appears under its name whole or not
 * at all. What lies in the folder from an earlier process is there again after `open`; one process at
 * a time may have it open.
 */
export class DiskStore implements KeyValueStore {
  readonly #path: string;
  /** Bytes of each file by key. */
  readonly #index: LRUCache<string, number>;
  readonly #purge: NodeJS.Timeout;
  /** The last of what is to be done with a key's file: one thing at a time. */
  readonly #lastOperation = new Map<string, Promise<void>>();
  #temporaryFiles = 0;

  private constructor({ path, bytes, age }: DiskStoreOptions) {
    this.#path = path;
    this.#index = new LRUCache<string, number>({
      maxSize: bytes,
      sizeCalculation: (size) => Math.max(1, size),
      ttl: age,
      dispose: (_, key, reason) => {
        if (reason !== "set") this.#remove(key);
      },
    });
    this.#purge = setInterval(() => this.#index.purgeStale(), PURGE_INTERVAL).unref();
  }

  static async open(options: DiskStoreOptions): Promise<DiskStore> {
    await rm(join(options.path, TEMPORARY), { recursive: true, force: true });
    await mkdir(join(options.path, TEMPORARY), { recursive: true });
    const folder = new DiskStore(options);
    await folder.#find(options.age);
    return folder;
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
    try {
      const bytes = new Uint8Array(await readFile(this.#file(key)));
      // A machine that lost its power may have kept the name and not the contents.
      if (bytes.length > 0) return bytes;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    this.#index.delete(key);
    return undefined;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    if (!KEY.test(key)) throw new TypeError(`Expected a key of a file but received ${key}`);
    const file = this.#file(key);
    const temporary = join(this.#path, TEMPORARY, String(++this.#temporaryFiles));
    await writeFile(temporary, bytes);
    await this.#serialize(key, async () => {
      await mkdir(dirname(file), { recursive: true });
      await rename(temporary, file);
      this.#index.set(key, bytes.length);
    });
    // What is larger than the whole folder may be was not taken into the index.
    if (!this.#index.has(key)) this.#remove(key);
  }

  /** Whether it was here. */
  async delete(key: string): Promise<boolean> {
    const isHere = this.#index.delete(key);
    await this.#lastOperation.get(key);
    return isHere;
  }

  /** Removes every file below a key. */
  async deleteAll(key: string): Promise<void> {
    const keys = [...this.#index.keys()].filter((other) => other.startsWith(`${key}/`));
    await Promise.all(keys.map((other) => this.delete(other)));
    await rm(this.#file(key), { recursive: true, force: true });
  }

  close(): void {
    clearInterval(this.#purge);
  }

  #file(key: string): string {
    return join(this.#path, key);
  }

  /** Removes the file of a key that has left the index, unless it is back when its turn comes. */
  #remove(key: string): void {
    const removal = this.#serialize(key, async () => {
      if (!this.#index.has(key)) await rm(this.#file(key), { force: true });
    });
    removal.catch(() => {});
  }

  #serialize(key: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#lastOperation.get(key) ?? Promise.resolve())
      .then(work, work)
      .finally(() => {
        if (this.#lastOperation.get(key) === turn) this.#lastOperation.delete(key);
      });
    this.#lastOperation.set(key, turn);
    return turn;
  }

  /** Takes the files that are there into the index, the newest last. */
  async #find(age: number): Promise<void> {
    const entries = await readdir(this.#path, { recursive: true, withFileTypes: true });
    const files: { key: string; size: number; written: number }[] = [];
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = await stat(path);
      files.push({ key: relative(this.#path, path).replaceAll(sep, "/"), size, written: mtimeMs });
    }
    const now = Date.now();
    for (const { key, size, written } of files.sort((a, b) => a.written - b.written)) {
      const left = age - (now - written);
      if (left > 0) this.#index.set(key, size, { ttl: left });
      else this.#remove(key);
    }
  }
}
