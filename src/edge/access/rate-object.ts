import { DurableObject } from "cloudflare:workers";

export interface Count {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly reset: number;
}

const WINDOW = 60_000;

/**
 * Counts the requests of one caller and kind within a minute, for keys with their own limit. The
 * Workers binding has one limit for all. The count is in memory: only idle objects are evicted.
 */
export class RateObject extends DurableObject {
  #ends = 0;
  #count = 0;

  count(limit: number): Count {
    const now = Date.now();
    if (now >= this.#ends) {
      this.#ends = now + WINDOW;
      this.#count = 0;
    }
    const allowed = this.#count < limit;
    if (allowed) this.#count++;
    const reset = Math.ceil((this.#ends - now) / 1000);
    return { allowed, remaining: limit - this.#count, reset };
  }
}
