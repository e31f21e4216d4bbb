/**
 * The tenant of a Worker's request to a GPU server, and how long the server may keep the results. It
 * is the value of `Cosal-Tenant` in a signed request, a token with a parameter (RFC 9651).
 *
 * ```text
 * Cosal-Tenant: t-<32 hex digits>;keep=<seconds>
 * ```
 *
 * The digits are the start of an HMAC-SHA-256 of the tenant's name with the shared secret. So servers
 * separate tenants without knowing their names.
 */
export interface SignedTenant {
  /** `t-<32 hex digits>` */
  readonly name: string;
  /** Seconds. */
  readonly keep: number;
}

const FORM = /^(t-[0-9a-f]{32});keep=(\d{1,9})$/;

/** @param keep seconds */
export async function signedTenant(tenant: string, secret: string, keep: number): Promise<string> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]);
  const digest = await crypto.subtle.sign("HMAC", key, bytes(`cosal-tenant\n${tenant}`));
  const hex = Array.from(new Uint8Array(digest, 0, 16), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return `t-${hex.join("")};keep=${Math.max(0, Math.floor(keep))}`;
}

/** Undefined for a value of another form. */
export function parseSignedTenant(value: string): SignedTenant | undefined {
  const [, name, keep] = FORM.exec(value) ?? [];
  return name === undefined ? undefined : { name, keep: Number(keep) };
}
