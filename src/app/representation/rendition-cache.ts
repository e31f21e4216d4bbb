import { LRUCache } from "lru-cache";

type Bytes = Uint8Array<ArrayBuffer>;

/** A rendered file. */
export interface Rendition {
  readonly bytes: Bytes;
  readonly type: string;
  /** Strong, in quotes. */
  readonly etag: string;
}

interface Entry extends Rendition {
  /** When the group was last known to be stored, in milliseconds since 1970. */
  checked: number;
}

/** Maximum size in bytes, of an isolate's 128 MB. */
const RENDITION_BYTES = 8 * 1024 * 1024;

/** How long a file is sent without checking that its group is still stored, in milliseconds. */
const FRESH = 60_000;

/** Every entry has headers too. */
const OVERHEAD = 512;

/**
 * Keeps the most recently used rendered files in memory, so that they are sent without a lookup in the
 * store. Keys contain the tenant, so no tenant gets another's files.
 */
export class RenditionCache {
  readonly #cache: LRUCache<string, Entry>;

  constructor(maxSize = RENDITION_BYTES) {
    this.#cache = new LRUCache({
      maxSize,
      sizeCalculation: ({ bytes }, key) => bytes.length + 2 * key.length + OVERHEAD,
    });
  }

  /** A cached file. Undefined if it is missing or has not been checked for a while (see `stale`). */
  fresh(key: string): Rendition | undefined {
    const entry = this.#cache.get(key);
    return entry !== undefined && Date.now() - entry.checked < FRESH ? entry : undefined;
  }

  /** A cached file, even if it must be checked. After the check, call `revalidate`. */
  stale(key: string): Rendition | undefined {
    return this.#cache.get(key);
  }

  revalidate(key: string): void {
    const entry = this.#cache.get(key);
    if (entry !== undefined) entry.checked = Date.now();
  }

  set(key: string, rendition: Rendition): void {
    this.#cache.set(key, { ...rendition, checked: Date.now() });
  }

  /** Removes a tenant's files whose path contains the hash of a group or a photograph. */
  deleteMatching(tenant: string, text: string): void {
    for (const key of this.#cache.keys()) {
      if (key.startsWith(`${tenant} `) && key.includes(text)) this.#cache.delete(key);
    }
  }
}

/** The key of a tenant's path. Digests are converted to lower case. */
export function renditionKey(tenant: string, path: string): string {
  const isPlain = !/[A-F]/.test(path);
  const canonical = isPlain ? path : path.replace(/[0-9a-f]{64}/gi, (hex) => hex.toLowerCase());
  return `${tenant} ${canonical}`;
}
