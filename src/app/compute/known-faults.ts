import { LRUCache } from "lru-cache";
import type { CosalError } from "../../errors.ts";
import type { LoadableImage } from "./types.ts";

/** Milliseconds that a fault is remembered: a decoder may have been short of memory for a moment. */
const LIFETIME = 5 * 60_000;

const MAX_FAULTS = 1000;

/** Faults that are found by decoding alone. All others cost nothing to find again. */
const COSTLY: ReadonlySet<string> = new Set(["image_undecodable", "image_too_slow"]);

/** Photographs that could not be decoded: sent again, they are refused without being tried again. */
export class KnownFaults {
  readonly #faults = new LRUCache<string, CosalError>({
    max: MAX_FAULTS,
    ttl: LIFETIME,
    ttlResolution: 0,
    perf: Date,
  });

  /** The same image. Known not to be decodable, it cannot be loaded either. */
  guarded(tenant: string, image: LoadableImage): LoadableImage {
    const fault = this.#faults.get(keyOf(tenant, image));
    return fault === undefined ? image : { ...image, load: () => Promise.reject(fault) };
  }

  note(tenant: string, image: LoadableImage | undefined, fault: CosalError): void {
    if (image === undefined || !COSTLY.has(fault.code)) return;
    this.#faults.set(keyOf(tenant, image), fault);
  }
}

/** Apart by tenant, so that nobody can tell what others have sent. */
function keyOf(tenant: string, { sha256 }: LoadableImage): string {
  return `${sha256} ${tenant}`;
}
