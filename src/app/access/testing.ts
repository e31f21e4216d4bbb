// Shared by the tests of this room.
import { generateKeyPair, SignJWT } from "jose";
import type { ApiKey } from "./api-keys.ts";
import { hashKey, newKey } from "./api-keys.ts";
import type { Scope } from "./types.ts";

const ALL_SCOPES: readonly Scope[] = ["read", "write", "delete"];

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A new key, and its record. */
export async function keyOf(
  tenant: string,
  more: Partial<ApiKey> = {},
): Promise<{ key: string; record: ApiKey }> {
  const key = newKey();
  const hash = await hashKey(key);
  return { key, record: { id: `key of ${tenant}`, tenant, scopes: ALL_SCOPES, hash, ...more } };
}

/** An identity provider whose tokens are for `policy`. */
export async function identityProvider() {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const policy = {
    issuer: "https://id.example.com",
    audience: "cosal",
    keys: async () => publicKey,
  };
  const scope = ALL_SCOPES.map((name) => `cosal:${name}`).join(" ");
  const sign = (claims: Record<string, unknown> = {}, header: { kid?: string } = {}) =>
    new SignJWT({ iss: policy.issuer, aud: policy.audience, sub: "u1", scope, ...claims })
      .setProtectedHeader({ alg: "ES256", ...header })
      .setExpirationTime("5m")
      .sign(privateKey);
  return { policy, publicKey, sign };
}
