import { DurableObject } from "cloudflare:workers";

export interface Count {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly reset: number;
}

const WINDOW = 60_000;

/**
 * Requests of one caller and kind within a minute, for keys whose limit is their own: the Workers
 * binding counts up to one number only. Kept in memory; an evicted object was idle anyway.
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
