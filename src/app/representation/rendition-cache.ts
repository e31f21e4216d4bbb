import { LRUCache } from "lru-cache";

type Bytes = Uint8Array<ArrayBuffer>;

/** A file ready to be sent. */
export interface Rendition {
  readonly bytes: Bytes;
  readonly type: string;
  /** Strong, in quotes. */
  readonly etag: string;
}

interface Entry extends Rendition {
  /** When it was last known that its group is stored, in milliseconds since 1970. */
  checked: number;
}

/** Bytes of an isolate's 128 MB that rendered files may take. */
export const RENDITION_BYTES = 8 * 1024 * 1024;

/** Milliseconds that a file is sent without a look whether its group has been removed elsewhere. */
const FRESH = 60_000;

/** Every entry has headers too. */
const OVERHEAD = 512;

/**
 * Rendition files in memory, the last used ones: a file that is there is sent without asking anyone.
 * Keys are a tenant's paths, so no tenant gets another's.
 */
export class RenditionCache {
  readonly #cache: LRUCache<string, Entry>;

  constructor(maxSize = RENDITION_BYTES) {
    this.#cache = new LRUCache({
      maxSize,
      sizeCalculation: ({ bytes }, key) => bytes.length + 2 * key.length + OVERHEAD,
    });
  }

  /** Undefined when it is not here, or has not been checked for a while (see `stale`). */
  fresh(key: string): Rendition | undefined {
    const entry = this.#cache.get(key);
    return entry !== undefined && Date.now() - entry.checked < FRESH ? entry : undefined;
  }

  /** The file even if it has to be checked; `revalidate` then says that it holds. */
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

  /** Forgets every file of a tenant whose path has that text: a group's or a photograph's hash. */
  deleteMatching(tenant: string, text: string): void {
    for (const key of this.#cache.keys()) {
      if (key.startsWith(`${tenant} `) && key.includes(text)) this.#cache.delete(key);
    }
  }
}

/** The key of a path in a tenant's name. Digests in capitals are the same ones. */
export function renditionKey(tenant: string, path: string): string {
  const isPlain = !/[A-F]/.test(path);
  const canonical = isPlain ? path : path.replace(/[0-9a-f]{64}/gi, (hex) => hex.toLowerCase());
  return `${tenant} ${canonical}`;
}
