import { LRUCache } from "lru-cache";
import { memoryRateLimiter, RateLimited } from "./rate-limiter.ts";
import type { RateLimiter } from "./types.ts";

/** Failures to authenticate that a network has in a minute. */
export const FAILED_ATTEMPTS = 30;

/** Networks that are remembered to have failed too often. */
const NETWORKS = 10_000;

const KIND = "authentication";

/**
 * Counts who fails to authenticate, by network (`networkOf`), so that guessing costs nobody but who
 * guesses. The host's limiter counts where it has this kind of limit, else this process's memory.
 */
export class FailedAttempts {
  readonly #rates: RateLimiter | undefined;
  readonly #memory: RateLimiter;
  readonly #now: () => number;
  /** Milliseconds since 1970 until when a network has no more attempts. */
  readonly #exhausted = new LRUCache<string, number>({ max: NETWORKS });

  constructor(rates?: RateLimiter, now: () => number = Date.now) {
    this.#rates = rates;
    this.#now = now;
    this.#memory = memoryRateLimiter({ [KIND]: FAILED_ATTEMPTS }, now);
  }

  /** @throws RateLimited while the network has failed too often */
  check(network: string): void {
    const left = (this.#exhausted.get(network) ?? 0) - this.#now();
    if (left > 0) throw this.#refusal(left);
  }

  /** @throws RateLimited when this is one too many */
  async count(network: string): Promise<void> {
    this.check(network);
    const request = { subject: network, kind: KIND } as const;
    const verdict = (await this.#rates?.(request)) ?? (await this.#memory(request));
    if (verdict === undefined || verdict.allowed) return;
    const left = 1000 * (verdict.reset ?? verdict.window);
    this.#exhausted.set(network, this.#now() + left);
    throw this.#refusal(left);
  }

  #refusal(left: number): RateLimited {
    const reset = Math.ceil(left / 1000);
    const verdict = { allowed: false, limit: FAILED_ATTEMPTS, window: 60, remaining: 0, reset };
    return new RateLimited(KIND, verdict);
  }
}
