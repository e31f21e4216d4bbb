import { CosalError } from "../../errors.ts";

export interface AdmissionLimits {
  /** Bytes of all request bodies that are being read or computed. */
  readonly bytes: number;
  /** Images of all groups that are being computed. */
  readonly images: number;
}

/** An admitted request. */
export interface Admitted {
  /** Counts bytes of its body that have arrived. @throws CosalError as `enter` */
  receive(bytes: number): void;
  /** Releases its room. Further calls do nothing. */
  leave(): void;
}

/** `Retry-After` in seconds. By then, a full queue is half empty. */
const RETRY_AFTER = 5;

/** Share of an announced body that counts before it arrives, since announcing costs nothing. */
const ANNOUNCED_SHARE = 1 / 64;

/**
 * Limits what is in progress at the same time. Bytes count as they arrive.
 *
 * A caller may use as many bytes as are left free, so that there is always room for another caller: a
 * single caller may use half of all, two callers a third each (dynamic thresholds: Choudhury and Hahne, 1998).
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  /** Bytes by caller. */
  readonly #held = new Map<string, number>();
  #bytes = 0;
  #images = 0;
  #requests = 0;
  #isDraining = false;
  #empty = Promise.withResolvers<void>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get load(): { readonly bytes: number; readonly images: number; readonly requests: number } {
    return { bytes: this.#bytes, images: this.#images, requests: this.#requests };
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * Admits a request before its body is read. A request that is alone is admitted whatever its size.
   * Bodies that are too large for the server are refused elsewhere.
   *
   * @param announced bytes of the body, or their maximum
   * @throws CosalError backend_unavailable, with `retryAfter`
   */
  enter(caller: string, announced: number): Admitted {
    if (this.#isDraining) throw busy("This server is about to stop.");
    let held = Math.ceil(announced * ANNOUNCED_SHARE);
    const isFull = this.#images >= this.#limits.images || !this.#hasRoom(caller, held);
    if (isFull && this.#requests > 0) throw busy("This server has as much to do as it can take.");
    this.#requests++;
    this.#add(caller, held);
    let received = 0;
    return {
      receive: (bytes) => {
        received += bytes;
        const more = received - held;
        if (more <= 0) return;
        if (this.#requests > 1 && !this.#hasRoom(caller, more)) {
          throw busy("This server has no room for the rest of the body now.");
        }
        held = received;
        this.#add(caller, more);
      },
      leave: callOnce(() => {
        this.#add(caller, -held);
        this.#requests--;
        if (this.#requests === 0) this.#empty.resolve();
      }),
    };
  }

  /** Counts a group that is being computed. @returns a function that ends it */
  compute(images: number): () => void {
    this.#images += images;
    return callOnce(() => {
      this.#images -= images;
    });
  }

  /** Admits no more requests. Resolves when all admitted requests have ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#requests > 0) {
      this.#empty = Promise.withResolvers();
      await this.#empty.promise;
    }
  }

  #hasRoom(caller: string, bytes: number): boolean {
    const own = (this.#held.get(caller) ?? 0) + bytes;
    return own <= this.#limits.bytes - (this.#bytes + bytes);
  }

  #add(caller: string, bytes: number): void {
    this.#bytes += bytes;
    const own = (this.#held.get(caller) ?? 0) + bytes;
    if (own === 0) this.#held.delete(caller);
    else this.#held.set(caller, own);
  }
}

function busy(message: string): CosalError {
  return new CosalError("backend_unavailable", message, { retryAfter: RETRY_AFTER });
}

function callOnce(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
