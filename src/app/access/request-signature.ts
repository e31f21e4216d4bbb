import { encodeBase64 } from "hono/utils/encode";
import { parseSignedTenant, type SignedTenant } from "./signed-tenant.ts";

/**
 * Signatures of a Worker's requests to a GPU server: an HMAC-SHA-256 over the request with a shared
 * secret. It uses Web Crypto only, so it runs in workerd and in Node. Each request has five headers:
 *
 * ```text
 * Content-Digest: sha-256=:<base64>:      of the body (RFC 9530), of no bytes where there is none
 * Cosal-Tenant: t-<32 hex digits>;keep=<seconds>    see `SignedTenant`
 * Cosal-Time: <milliseconds since 1970>
 * Cosal-Nonce: <32 hex digits>            never the same twice
 * Cosal-Signature: <64 hex digits>        of the lines below
 * ```
 *
 * and what is signed are these ASCII lines, each ended by one line feed:
 *
 * ```text
 * cosal-signature/2
 * <method>
 * <path with query, as in the request line>
 * <value of Content-Digest>
 * <value of Cosal-Tenant>
 * <value of Cosal-Time>
 * <value of Cosal-Nonce>
 * ```
 */
export const SIGNATURE_HEADERS = {
  digest: "content-digest",
  tenant: "cosal-tenant",
  time: "cosal-time",
  nonce: "cosal-nonce",
  signature: "cosal-signature",
} as const;

/** Maximum difference of the two clocks, in milliseconds. A nonce is kept for twice that. */
export const SIGNATURE_WINDOW = 60_000;

/** Characters: 128 bits of hex digits. */
export const MIN_SECRET_LENGTH = 32;

/** Maximum number of nonces: 800 requests a second over the window, in about 10 MB. */
export const MAX_NONCES = 100_000;

/** The parts of a request that are signed. */
export interface SignedParts {
  /** Upper case, e.g. `POST`. */
  readonly method: string;
  /** Path with query, e.g. `/v1/groups?output=logits`. */
  readonly target: string;
  /** The body's `contentDigest`. */
  readonly digest: string;
  /** The tenant of the request, as `signedTenant` returns it. */
  readonly tenant: string;
}

/** The result of `verify`. `missing`: the request has no signature. */
export type Verdict =
  | {
      readonly ok: true;
      /** The `contentDigest` that the body must match. `verify` does not read the body. */
      readonly digest: string;
      readonly tenant: SignedTenant;
    }
  | { readonly ok: false; readonly reason: Refusal };

export type Refusal = "missing" | "malformed" | "expired" | "forged" | "replayed";

export interface VerifyOptions {
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The store of nonces, shared by all requests of a process or of several servers. */
  readonly nonces: Nonces;
}

/**
 * A store of nonces. In memory, it detects replays within one process. A persistent store also detects
 * replays from before a restart, and a shared one also replays to other servers.
 */
export interface Nonces {
  /**
   * Stores a nonce for as long as its signature could be valid.
   *
   * @param now milliseconds since 1970
   * @returns whether it is new
   */
  take(nonce: string, now: number): boolean | Promise<boolean>;
}

/** The body's digest as `Content-Digest` gives it: `sha-256=:<base64>:`. */
export async function contentDigest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha-256=:${encodeBase64(await crypto.subtle.digest("SHA-256", body))}:`;
}

/**
 * Returns the headers of a signed request. Each call uses a new nonce, so sign again for a retry.
 *
 * @param now milliseconds since 1970
 * @throws TypeError for a secret of fewer than 32 characters
 * @example
 * ```ts
 * const digest = await contentDigest(body);
 * const tenant = await signedTenant("alice", secret, 3600);
 * const parts = { method: "POST", target: "/v1/groups", digest, tenant };
 * const headers = await sign(parts, secret, Date.now());
 * await fetch(url, { method: "POST", body, headers: { ...headers, "content-type": type } });
 * ```
 */
export async function sign(
  parts: SignedParts,
  secret: string,
  now: number,
): Promise<Record<string, string>> {
  const time = String(Math.trunc(now));
  const nonce = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const key = await keyOf(secret, "sign");
  const signature = await crypto.subtle.sign("HMAC", key, signedText(parts, time, nonce));
  return {
    [SIGNATURE_HEADERS.digest]: parts.digest,
    [SIGNATURE_HEADERS.tenant]: parts.tenant,
    [SIGNATURE_HEADERS.time]: time,
    [SIGNATURE_HEADERS.nonce]: nonce,
    [SIGNATURE_HEADERS.signature]: toHex(new Uint8Array(signature)),
  };
}

/**
 * Verifies that a request's headers are signed with the secret, recent, and not a replay. It does not
 * read the body, so a request can be refused before its body arrives. Afterwards, the body must be
 * checked against the digest of the verdict. `crypto.subtle.verify` compares in constant time.
 *
 * @throws TypeError for a secret of fewer than 32 characters
 */
export async function verify(
  {
    method,
    target,
    headers,
  }: Pick<SignedParts, "method" | "target"> & { readonly headers: Headers },
  { secret, now, nonces }: VerifyOptions,
): Promise<Verdict> {
  const key = await keyOf(secret, "verify");
  const signature = headers.get(SIGNATURE_HEADERS.signature);
  if (signature === null) return { ok: false, reason: "missing" };
  const digest = headers.get(SIGNATURE_HEADERS.digest) ?? "";
  const tenant = headers.get(SIGNATURE_HEADERS.tenant) ?? "";
  const time = headers.get(SIGNATURE_HEADERS.time) ?? "";
  const nonce = headers.get(SIGNATURE_HEADERS.nonce) ?? "";
  const owner = parseSignedTenant(tenant);
  if (
    owner === undefined ||
    !/^[0-9a-f]{64}$/.test(signature) ||
    !/^sha-256=:[A-Za-z0-9+/]{43}=:$/.test(digest) ||
    !/^\d{1,16}$/.test(time) ||
    !/^[0-9a-f]{32}$/.test(nonce)
  ) {
    return { ok: false, reason: "malformed" };
  }
  const text = signedText({ method, target, digest, tenant }, time, nonce);
  const isSigned = await crypto.subtle.verify("HMAC", key, fromHex(signature), text);
  if (!isSigned) return { ok: false, reason: "forged" };
  if (Math.abs(now - Number(time)) > SIGNATURE_WINDOW) return { ok: false, reason: "expired" };
  // Last, so that only senders with the secret can fill the memory.
  if (!(await nonces.take(nonce, now))) return { ok: false, reason: "replayed" };
  return { ok: true, digest, tenant: owner };
}

/** Keeps the nonces of the last two windows in this process's memory. */
export class NonceMemory implements Nonces {
  /** Times of arrival by nonce, in the order of arrival. */
  readonly #seen = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number = MAX_NONCES) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Whether the nonce is new. A full memory accepts none, since those could be replayed. */
  take(nonce: string, now: number): boolean {
    for (const [old, arrived] of this.#seen) {
      if (now - arrived <= 2 * SIGNATURE_WINDOW) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(nonce) || this.#seen.size >= this.#limit) return false;
    this.#seen.set(nonce, now);
    return true;
  }
}

function signedText(parts: SignedParts, time: string, nonce: string) {
  const { method, target, digest, tenant } = parts;
  const lines = ["cosal-signature/2", method, target, digest, tenant, time, nonce];
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

async function keyOf(secret: string, use: "sign" | "verify"): Promise<CryptoKey> {
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new TypeError(
      `Expected a secret of at least ${MIN_SECRET_LENGTH} characters but received ${secret.length}`,
    );
  }
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, [use]);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
