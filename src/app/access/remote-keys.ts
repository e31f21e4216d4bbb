import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import { CosalError } from "../../errors.ts";
import type { Log } from "../telemetry/types.ts";

/** How long keys are used before they are fetched again, in milliseconds. */
const FRESH = 10 * 60_000;

/** How long the last keys are used while fetches fail, in milliseconds. */
const LAST_GOOD = 4 * 60 * 60_000;

/** Minimum time between fetches for tokens with an unknown key, in milliseconds. */
const COOLDOWN = 30_000;

/** Retry delay after a failed fetch, in milliseconds. */
const RETRY = 5_000;

/** How long a fetch may take; and while there are keys that can be used meanwhile. */
const TIMEOUT = 5_000;
const SHORT_TIMEOUT = 2_000;

/** Milliseconds between two checks for keys that another request is fetching. */
const POLL_INTERVAL = 20;

export interface RemoteKeysParts {
  readonly log: Log;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/**
 * The keys that an identity provider publishes as a JWK Set (RFC 7517), for `jwtVerify`. One request
 * fetches them at a time. If a fetch fails, the last keys are used for some hours, as with
 * stale-if-error (RFC 5861). Only without any keys do all tokens fail.
 *
 * jose's own `createRemoteJWKSet` does neither: its keys expire with their age, it fetches for each
 * request while the provider is down, and in workerd several times at once. Here, requests share
 * values and never promises, since promises of a request that the runtime dropped never settle.
 *
 * @throws CosalError (when called) authentication_unavailable; JOSEError for a key that is not there
 */
export function remoteKeys(
  url: string,
  { log, fetch: get = fetch, now = Date.now }: RemoteKeysParts,
): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined;
  let fetched = Number.NEGATIVE_INFINITY;
  let failed = Number.NEGATIVE_INFINITY;
  /** The latest end of the current fetch, in milliseconds since 1970. */
  let ends = Number.NEGATIVE_INFINITY;

  /** Fetches the keys, or waits for the current fetch. Returns whether the keys are now fresh. */
  async function refresh(): Promise<boolean> {
    const came = now();
    while (now() < ends) await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
    if (fetched >= came) return true;
    if (now() - failed < RETRY) return false;
    const timeout = keys === undefined ? TIMEOUT : SHORT_TIMEOUT;
    ends = now() + timeout;
    try {
      keys = createLocalJWKSet(await load(AbortSignal.timeout(timeout)));
      fetched = now();
      return true;
    } catch (error) {
      failed = now();
      const level = isUsable() ? "warn" : "error";
      log({ level, event: "keys of the identity provider not fetched", url, error });
      return false;
    } finally {
      ends = Number.NEGATIVE_INFINITY;
    }
  }

  async function load(signal: AbortSignal) {
    const headers = { accept: "application/jwk-set+json, application/json" };
    const response = await get(url, { redirect: "manual", signal, headers });
    if (response.status === 200) return response.json();
    await response.body?.cancel();
    throw new Error(`answered ${response.status}`);
  }

  function isUsable(): boolean {
    return keys !== undefined && now() - fetched < LAST_GOOD;
  }

  return async function keyOf(header, token) {
    const isOld = now() - fetched >= FRESH;
    // While another request fetches new keys, the old ones are used.
    if (isOld && !(isUsable() && now() < ends)) await refresh();
    if (keys === undefined || !isUsable()) throw unavailable();
    try {
      return await keys(header, token);
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey;
      if (!isUnknown || now() - fetched < COOLDOWN) throw error;
      // The provider may have added this key. Without a fetch, that is unknown.
      if (!(await refresh())) throw unavailable();
      return keys(header, token);
    }
  };
}

function unavailable(): CosalError {
  const message = "Tokens cannot be checked now: the identity provider's keys cannot be fetched.";
  return new CosalError("authentication_unavailable", message, { retryAfter: RETRY / 1000 });
}
