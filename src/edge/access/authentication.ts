import { LRUCache } from "lru-cache";
import {
  type ApiKey,
  type Authenticator,
  entries,
  type JwtPolicy,
  jwtAuthenticator,
  type KeyLookup,
  keyAuthenticator,
  keysOrJwt,
  type Log,
  listedKeys,
  readApiKey,
  readApiKeys,
  remoteKeys,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import type { Env } from "../env.ts";
import { secureUrl } from "../settings.ts";

/** How long an isolate caches a key, in milliseconds. A revoked key can work that long. */
const KEY_TIME = 60_000;

/** `Retry-After` in seconds when the namespace cannot be read. */
const RETRY = 5;

/** Keys that are cached. */
const KEYS = 1000;

/**
 * The authenticator that AUTHENTICATION names. Undefined when every caller is allowed.
 *
 * @throws TypeError when a setting that it needs is missing. So a deployment that requires
 * authentication is never open by mistake
 */
export function authenticationOf(env: Env, log: Log): Authenticator | undefined {
  const ways = entries(env.AUTHENTICATION ?? "off");
  const unknown = ways.find((way) => !["off", "keys", "jwt"].includes(way));
  if (unknown !== undefined || (ways.includes("off") && ways.length > 1) || ways.length === 0) {
    throw new TypeError(
      `Expected off, keys, jwt or keys,jwt in AUTHENTICATION but received ${env.AUTHENTICATION}`,
    );
  }
  const given = (["API_KEY_LIST", "JWT_KEYS"] as const).find((name) => env[name]);
  if (env.AUTHENTICATION === undefined && given !== undefined) {
    throw new TypeError(
      `${given} is set, but AUTHENTICATION is not: set it to keys, jwt or keys,jwt, or to off`,
    );
  }
  const keys = ways.includes("keys") ? keyAuthenticator(lookupOf(env, log)) : undefined;
  const jwt = ways.includes("jwt") ? jwtAuthenticator(jwtPolicyOf(env, log)) : undefined;
  return keys && jwt ? keysOrJwt(keys, jwt) : (keys ?? jwt);
}

function lookupOf({ API_KEYS: namespace, API_KEY_LIST: list }: Env, log: Log): KeyLookup {
  if (namespace === undefined && list === undefined) {
    throw new TypeError("AUTHENTICATION has keys: bind the namespace API_KEYS or set API_KEY_LIST");
  }
  const listed = listedKeys(list === undefined ? [] : readApiKeys(list, "API_KEY_LIST"));
  const remembered = new LRUCache<string, { readonly key: ApiKey; readonly until: number }>({
    max: KEYS,
  });
  return async function lookUpKey(hash, beforeLookUp) {
    const known = await listed(hash, beforeLookUp);
    if (known !== undefined || namespace === undefined) return known;
    const found = remembered.get(hash);
    if (found !== undefined && Date.now() < found.until) return found.key;
    // A key that was valid a while ago is not subject to the limit for failed attempts. So a caller
    // that guesses keys cannot block others in the same network.
    if (found === undefined) beforeLookUp();
    const record = await namespace.get(hash).catch((cause: unknown) => {
      const message = "Keys cannot be looked up now.";
      throw new CosalError("authentication_unavailable", message, { retryAfter: RETRY, cause });
    });
    remembered.delete(hash);
    if (record === null) return undefined;
    const key = readApiKey(record, hash);
    if (key === undefined) {
      log({ level: "error", event: "record of a key cannot be read", hash });
      return undefined;
    }
    remembered.set(hash, { key, until: Date.now() + KEY_TIME });
    return key;
  };
}

function jwtPolicyOf(
  { JWT_KEYS, JWT_ISSUER, JWT_AUDIENCE, JWT_TENANT_CLAIM }: Env,
  log: Log,
): JwtPolicy {
  if (!JWT_KEYS || !JWT_ISSUER || !JWT_AUDIENCE) {
    throw new TypeError("AUTHENTICATION has jwt: set JWT_KEYS, JWT_ISSUER and JWT_AUDIENCE");
  }
  return {
    keys: remoteKeys(secureUrl("JWT_KEYS", JWT_KEYS).href, { log }),
    issuer: JWT_ISSUER,
    audience: JWT_AUDIENCE,
    ...(JWT_TENANT_CLAIM !== undefined && { tenantClaim: JWT_TENANT_CLAIM }),
  };
}
