import { FAILED_ATTEMPTS, type Log, type RateKind, type RateLimiter } from "../../app/index.ts";
import type { Count } from "./rate-object.ts";

/** Requests per minute of one caller: what `ratelimits` in wrangler.toml says, for the headers. */
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
  /** Counts for keys with limits of their own. */
  readonly counterOf?: (name: string) => { count(limit: number): Promise<Count> };
  readonly log: Log;
}

/**
 * Limits by the Workers binding, which counts per data centre and does not tell how much is left; a
 * key with a limit of its own is counted by a Durable Object, which does. A limiter that fails lets
 * requests pass.
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
