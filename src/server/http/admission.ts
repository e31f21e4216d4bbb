import { CosalError } from "../../errors.ts";

export interface AdmissionLimits {
  /** Bytes of all request bodies that are being read or computed. */
  readonly bytes: number;
  /** Images of all groups that are being computed. */
  readonly images: number;
}

/** Seconds after which a caller may try again: a queue that is full is half empty by then. */
const RETRY_AFTER = 5;

/**
 * How much may be under way at once. Asked before a body is read, so that a server that is full costs
 * its callers, and itself, nothing.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
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
   * Room for a request's body. One that is larger than all there is has to be refused elsewhere: here
   * it is let in when it is alone.
   *
   * @returns what gives the room back, once
   * @throws CosalError backend_unavailable, with `retryAfter`
   */
  enter(bytes: number): () => void {
    if (this.#isDraining) throw busy("This server is about to stop.");
    const isFull = this.#images >= this.#limits.images || this.#bytes + bytes > this.#limits.bytes;
    if (isFull && this.#requests > 0) throw busy("This server has as much to do as it can take.");
    this.#requests++;
    this.#bytes += bytes;
    return callOnce(() => {
      this.#bytes -= bytes;
      this.#requests--;
      if (this.#requests === 0) this.#empty.resolve();
    });
  }

  /** Counts a group that is being computed. @returns what ends it, once */
  compute(images: number): () => void {
    this.#images += images;
    return callOnce(() => {
      this.#images -= images;
    });
  }

  /** Lets nobody in any more. Resolves when all who are in have left. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#requests > 0) {
      this.#empty = Promise.withResolvers();
      await this.#empty.promise;
    }
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
