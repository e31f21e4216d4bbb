import { CosalError } from "../../errors.ts";
import type { RateKind, RateLimiter, RateVerdict } from "./types.ts";

const WINDOW = 60;

/** Maximum number of counted subjects. Beyond that, the least recently counted are dropped. */
const SUBJECTS = 10_000;

/**
 * A rate limiter with fixed windows of a minute in this process's memory, for a single server and for
 * tests.
 *
 * @param perMinute limits by kind. A missing kind has no limit, unless the key has one
 */
export function memoryRateLimiter(
  perMinute: Partial<Readonly<Record<RateKind, number>>>,
  now: () => number = Date.now,
): RateLimiter {
  const counts = new Map<string, { window: number; count: number }>();
  return async function memoryRate(request) {
    const limit = request.perMinute ?? perMinute[request.kind];
    if (limit === undefined) return undefined;
    const seconds = now() / 1000;
    const window = Math.floor(seconds / WINDOW);
    const key = `${request.kind} ${request.subject}`;
    const last = counts.get(key);
    const count = last?.window === window ? last.count + 1 : 1;
    counts.delete(key);
    counts.set(key, { window, count });
    const [oldest] = counts.keys();
    if (counts.size > SUBJECTS && oldest !== undefined) counts.delete(oldest);
    return {
      allowed: count <= limit,
      limit,
      window: WINDOW,
      remaining: Math.max(0, limit - count),
      reset: Math.ceil((window + 1) * WINDOW - seconds),
    };
  };
}

/**
 * The headers of draft-ietf-httpapi-ratelimit-headers: always the policy, and the remaining requests
 * if the limiter knows them.
 */
export function setRateLimitHeaders(headers: Headers, kind: RateKind, verdict: RateVerdict): void {
  const { limit, window, remaining, reset } = verdict;
  headers.set("ratelimit-policy", `"${kind}";q=${limit};w=${window}`);
  const left = remaining ?? (verdict.allowed ? undefined : 0);
  if (left === undefined) return;
  headers.set("ratelimit", `"${kind}";r=${left}${reset === undefined ? "" : `;t=${reset}`}`);
}

/** An error with the values for the headers of the response. */
export class RateLimited extends CosalError {
  readonly kind: RateKind;
  readonly verdict: RateVerdict;

  constructor(kind: RateKind, verdict: RateVerdict) {
    const { limit, window, reset } = verdict;
    const what = kind === "authentication" ? "failed authentications" : `requests of kind ${kind}`;
    super("rate_limited", `At most ${limit} ${what} are allowed in ${window} seconds.`, {
      limit: { name: "requests", limit, actual: limit + 1 },
      retryAfter: reset ?? window,
    });
    this.kind = kind;
    this.verdict = verdict;
  }
}
