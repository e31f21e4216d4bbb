import { LRUCache } from "lru-cache";
import { CosalError, type LimitReference } from "../../errors.ts";
import type { LoadableImage } from "./types.ts";

/** Milliseconds that a fault is remembered: a decoder may have been short of memory for a moment. */
const LIFETIME = 5 * 60_000;

const MAX_FAULTS = 1000;

/** Faults that are found by decoding alone. All others cost nothing to find again. */
const COSTLY: ReadonlySet<string> = new Set(["image_undecodable", "image_too_slow"]);

/**
 * What an error says, without the error: its stack, and that of its cause, would keep everything
 * alive that was at work when it was thrown, a decoder's heap of 16 MiB or more among it.
 */
interface Fault {
  readonly code: CosalError["code"];
  readonly message: string;
  readonly limit: LimitReference | undefined;
}

/** Photographs that could not be decoded: sent again, they are refused without being tried again. */
export class KnownFaults {
  readonly #faults = new LRUCache<string, Fault>({
    max: MAX_FAULTS,
    ttl: LIFETIME,
    ttlResolution: 0,
    perf: Date,
  });

  /** The same image. Known not to be decodable, it cannot be loaded either. */
  guarded(tenant: string, image: LoadableImage): LoadableImage {
    const fault = this.#faults.get(keyOf(tenant, image));
    if (fault === undefined) return image;
    const { code, message, limit } = fault;
    return {
      ...image,
      load: () => Promise.reject(new CosalError(code, message, limit && { limit })),
    };
  }

  note(tenant: string, image: LoadableImage | undefined, error: CosalError): void {
    const { code, message, limit } = error;
    if (image === undefined || !COSTLY.has(code)) return;
    this.#faults.set(keyOf(tenant, image), { code, message, limit });
  }
}

/** Apart by tenant, so that nobody can tell what others have sent. */
function keyOf(tenant: string, { sha256 }: LoadableImage): string {
  return `${sha256} ${tenant}`;
}
