import { FAILED_ATTEMPTS, type Log, type RateKind, type RateLimiter } from "../../app/index.ts";
import type { Count } from "./rate-object.ts";

/** Requests per minute of one caller, for the headers. They equal `ratelimits` in wrangler.toml. */
export const RATES: Readonly<Record<RateKind, number>> = {
  read: 1200,
  write: 300,
  compute: 60,
  authentication: FAILED_ATTEMPTS,
};

const WINDOW = 60;

/** A rate limit of the Workers runtime. */
export interface RateBinding {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

export interface RateParts {
  readonly bindings: Readonly<Partial<Record<RateKind, RateBinding>>>;
  /** Counters for keys that have a limit of their own. */
  readonly counterOf?: (name: string) => { count(limit: number): Promise<Count> };
  readonly log: Log;
}

/**
 * Limits requests by the Workers binding, which counts per data centre and does not return how many
 * are left. A Durable Object counts the requests of a key with its own limit and returns the rest. If
 * a limiter fails, requests pass.
 */
export function edgeRateLimiter({ bindings, counterOf, log }: RateParts): RateLimiter {
  return async function edgeRateLimit({ subject, kind, perMinute }) {
    try {
      if (perMinute !== undefined && counterOf !== undefined) {
        const counted = await counterOf(`${kind}/${subject}`).count(perMinute);
        return { ...counted, limit: perMinute, window: WINDOW };
      }
      const { success } = (await bindings[kind]?.limit({ key: subject })) ?? {};
      return success === undefined
        ? undefined
        : { allowed: success, limit: RATES[kind], window: WINDOW };
    } catch (error) {
      log({ level: "warn", event: "rate limiter failed", kind, error });
      return undefined;
    }
  };
}
