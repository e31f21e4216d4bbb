import { LRUCache } from "lru-cache";
import { CosalError, type LimitReference } from "../../errors.ts";
import type { LoadableImage } from "./types.ts";

/** How long a fault is cached, in milliseconds. It is short, since a decoder may lack memory once. */
const LIFETIME = 5 * 60_000;

const MAX_FAULTS = 1000;

/** Faults that only decoding finds. Finding the others again costs nothing. */
const COSTLY: ReadonlySet<string> = new Set(["image_undecodable", "image_too_slow"]);

/**
 * The fields of an error. The error itself is not kept: its stack, and that of its cause, would keep
 * objects alive, such as a decoder's heap of 16 MiB or more.
 */
interface Fault {
  readonly code: CosalError["code"];
  readonly message: string;
  readonly limit: LimitReference | undefined;
}

/** Caches which photographs could not be decoded. When they are sent again, they are refused at once. */
export class KnownFaults {
  readonly #faults = new LRUCache<string, Fault>({
    max: MAX_FAULTS,
    ttl: LIFETIME,
    ttlResolution: 0,
    perf: Date,
  });

  /** Returns the image. If it has a known fault, loading it throws that. */
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

/** Keys include the tenant, so that no caller can find out what others have sent. */
function keyOf(tenant: string, { sha256 }: LoadableImage): string {
  return `${sha256} ${tenant}`;
}
