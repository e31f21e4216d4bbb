import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import { CosalError } from "../../errors.ts";
import type { Log } from "../telemetry/types.ts";

/** How long keys are used without a look whether there are others, in milliseconds. */
const FRESH = 10 * 60_000;

/** How long the last ones are used while others cannot be fetched. */
const LAST_GOOD = 4 * 60 * 60_000;

/** How long after a fetch a token with an unknown key is no reason for another. */
const COOLDOWN = 30_000;

/** How long after a fetch that failed there is no other. */
const RETRY = 5_000;

/** How long a fetch may take; and while there are keys that can be used meanwhile. */
const TIMEOUT = 5_000;
const SHORT_TIMEOUT = 2_000;

/** Milliseconds between two looks for what another request is fetching. */
const PAUSE = 20;

export interface RemoteKeysParts {
  readonly log: Log;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/**
 * The keys that an identity provider publishes as a JWK Set (RFC 7517), for `jwtVerify`. They are
 * fetched by one request at a time. When they cannot be, the last ones are used for some hours, as
 * stale-if-error has it (RFC 5861), and only without any is nobody known.
 *
 * jose's own `createRemoteJWKSet` has neither: its keys end with their age, it fetches anew for each
 * request while the provider is away, and in workerd several times at once. Here what requests share
 * is values and never promises: one that was made by a request that the runtime dropped is never
 * settled.
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
  /** When the fetch that is under way ends at the latest. */
  let ends = Number.NEGATIVE_INFINITY;

  /** Whether the keys are those of now. */
  async function refresh(): Promise<boolean> {
    const came = now();
    while (now() < ends) await new Promise((resolve) => setTimeout(resolve, PAUSE));
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
    // Who comes while another looks for new ones goes on with the old ones.
    if (isOld && !(isUsable() && now() < ends)) await refresh();
    if (keys === undefined || !isUsable()) throw unavailable();
    try {
      return await keys(header, token);
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey;
      if (!isUnknown || now() - fetched < COOLDOWN) throw error;
      // It may be one that the provider has since, and nobody can tell while it is away.
      if (!(await refresh())) throw unavailable();
      return keys(header, token);
    }
  };
}

function unavailable(): CosalError {
  const message = "Tokens cannot be checked now: the identity provider's keys cannot be fetched.";
  return new CosalError("authentication_unavailable", message, { retryAfter: RETRY / 1000 });
}
