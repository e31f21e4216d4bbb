import { LRUCache } from "lru-cache";
import { memoryRateLimiter, RateLimited } from "./rate-limiter.ts";
import type { RateLimiter } from "./types.ts";

/** Failed authentications that a network may have in a minute. */
export const FAILED_ATTEMPTS = 30;

/** Maximum number of blocked networks that are remembered. */
const NETWORKS = 10_000;

const KIND = "authentication";

/**
 * Counts failed authentications by network (`networkOf`), so that only the network that guesses keys
 * is blocked. The host's limiter counts them if it has this kind of limit, and otherwise this process.
 */
export class FailedAttempts {
  readonly #rates: RateLimiter | undefined;
  readonly #memory: RateLimiter;
  readonly #now: () => number;
  /** Blocked networks, each with the end of its block in milliseconds since 1970. */
  readonly #exhausted = new LRUCache<string, number>({ max: NETWORKS });

  constructor(rates?: RateLimiter, now: () => number = Date.now) {
    this.#rates = rates;
    this.#now = now;
    this.#memory = memoryRateLimiter({ [KIND]: FAILED_ATTEMPTS }, now);
  }

  /** @throws RateLimited while the network is blocked */
  check(network: string): void {
    const left = (this.#exhausted.get(network) ?? 0) - this.#now();
    if (left > 0) throw this.#refusal(left);
  }

  /** @throws RateLimited when this failure exceeds the limit */
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
