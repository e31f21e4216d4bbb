import { LRUCache } from "lru-cache";

type Bytes = Uint8Array<ArrayBuffer>;

/** A file ready to be sent. */
export interface Rendered {
  readonly bytes: Bytes;
  readonly type: string;
  /** Strong, in quotes. */
  readonly etag: string;
}

interface Kept extends Rendered {
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
 * Rendered files in memory, the last used ones: a file that is there is sent without asking anyone.
 * Keys are a tenant's paths, so no tenant gets another's.
 */
export class RenderedFiles {
  readonly #kept: LRUCache<string, Kept>;

  constructor(maxSize = RENDITION_BYTES) {
    this.#kept = new LRUCache({
      maxSize,
      sizeCalculation: ({ bytes }, key) => bytes.length + 2 * key.length + OVERHEAD,
    });
  }

  /** Undefined when it is not here, or has not been checked for a while (see `stale`). */
  fresh(key: string): Rendered | undefined {
    const kept = this.#kept.get(key);
    return kept !== undefined && Date.now() - kept.checked < FRESH ? kept : undefined;
  }

  /** The file even if it has to be checked; `confirm` then says that it holds. */
  stale(key: string): Rendered | undefined {
    return this.#kept.get(key);
  }

  confirm(key: string): void {
    const kept = this.#kept.get(key);
    if (kept !== undefined) kept.checked = Date.now();
  }

  keep(key: string, rendered: Rendered): void {
    this.#kept.set(key, { ...rendered, checked: Date.now() });
  }

  /** Forgets every file of a tenant whose path has that text: a group's or a photograph's hash. */
  forget(tenant: string, text: string): void {
    for (const key of this.#kept.keys()) {
      if (key.startsWith(`${tenant} `) && key.includes(text)) this.#kept.delete(key);
    }
  }
}

/** The key of a path in a tenant's name. */
export function renderedKey(tenant: string, path: string): string {
  return `${tenant} ${path}`;
}
