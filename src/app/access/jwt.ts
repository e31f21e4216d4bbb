import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { CosalError } from "../../errors.ts";
import { bearerToken, isKey } from "./api-keys.ts";
import { qualifiedName } from "./names.ts";
import type { Authenticator, Principal, Scope } from "./types.ts";

export interface JwtPolicy {
  /** Finds the issuer's key for a token (`remoteKeys`). */
  readonly keys: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  /** The claim that names the tenant. By default, the subject. */
  readonly tenantClaim?: string;
}

/** Excludes `none` and shared secrets, since the deployment has no secret of the issuer. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"];

const SCOPES: readonly Scope[] = ["read", "write", "delete"];

/**
 * Authenticates requests with a JWT of an identity provider as bearer token (RFC 6750, RFC 7519). Its
 * `scope` claim (RFC 8693) must contain `cosal:read`, `cosal:write` or `cosal:delete`.
 *
 * @throws CosalError (when called) credentials_missing, credentials_invalid,
 * authentication_unavailable
 */
export function jwtAuthenticator({
  keys,
  issuer,
  audience,
  tenantClaim,
}: JwtPolicy): Authenticator {
  return async function authenticateJwt(request) {
    const token = bearerToken(request);
    const verified = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      requiredClaims: ["exp", "sub"],
      clockTolerance: 30,
    }).catch((cause: unknown) => {
      if (cause instanceof CosalError) throw cause;
      const reason = cause instanceof Error ? cause.message : "it cannot be read";
      throw new CosalError("credentials_invalid", `The token is not valid: ${reason}.`, { cause });
    });
    return principalOf(verified.payload, tenantClaim);
  };
}

/** Recognizes API keys by their prefix, and verifies any other token as a JWT. */
export function keysOrJwt(keys: Authenticator, jwt: Authenticator): Authenticator {
  return async function authenticateEither(request, beforeLookUp) {
    const authenticate = isKey(bearerToken(request)) ? keys : jwt;
    return authenticate(request, beforeLookUp);
  };
}

async function principalOf(
  claims: JWTPayload,
  tenantClaim: string | undefined,
): Promise<Principal> {
  const subject = textOf(claims, "sub");
  const tenant = tenantClaim === undefined ? subject : textOf(claims, tenantClaim);
  const words = new Set(String(claims.scope ?? "").split(" "));
  const scopes = SCOPES.filter((scope) => words.has(`cosal:${scope}`));
  return {
    subject: await qualifiedName("jwt", subject),
    tenant: await qualifiedName("jwt", tenant),
    scopes: new Set(scopes),
  };
}

/** Reads a required claim, which must be a string. */
function textOf(claims: JWTPayload, name: string): string {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === "string" && value !== "") return value;
  throw new CosalError("credentials_invalid", `The token has no string claim ${name}.`);
}
