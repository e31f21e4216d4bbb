import type { Redis } from "ioredis";
import { memoryRateLimiter, type RateKind, type RateLimiter } from "../../app/index.ts";
import { PREFIX } from "./connection.ts";

const WINDOW = 60;

/**
 * Fixed windows of a minute, counted for all servers. While Redis is away each server counts for
 * itself.
 *
 * @param perMinute a kind that is missing has no limit, unless the key has one
 */
export function sharedRateLimiter(
  redis: Redis,
  perMinute: Partial<Readonly<Record<RateKind, number>>>,
  onFault: (error: unknown) => void,
  now: () => number = Date.now,
): RateLimiter {
  const own = memoryRateLimiter(perMinute, now);
  return async function sharedRate(request) {
    const { kind, subject } = request;
    const limit = request.perMinute ?? perMinute[kind];
    if (limit === undefined) return undefined;
    const seconds = now() / 1000;
    const window = Math.floor(seconds / WINDOW);
    try {
      const key = `${PREFIX}:rate:${window}:${kind}:${subject}`;
      const [counted] =
        (await redis
          .multi()
          .incr(key)
          .expire(key, 2 * WINDOW)
          .exec()) ?? [];
      if (counted === undefined || counted[0]) throw counted?.[0] ?? new Error("not counted");
      const count = counted[1] as number;
      return {
        allowed: count <= limit,
        limit,
        window: WINDOW,
        remaining: Math.max(0, limit - count),
        reset: Math.ceil((window + 1) * WINDOW - seconds),
      };
    } catch (error) {
      onFault(error);
      return own(request);
    }
  };
}
