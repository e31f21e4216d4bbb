import { z } from "zod";
import { CosalError } from "../../errors.ts";
import { sha256 } from "../../group/index.ts";
import { qualifiedName } from "./names.ts";
import type { Authenticator, KeyLimits, Principal, Scope } from "./types.ts";

const Name = z.string().refine((name) => name.isWellFormed(), "no Unicode text");
const PerMinute = z.int().min(0).optional();

const ApiKeySchema = z.object({
  hash: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hex digits in lower case"),
  id: Name,
  tenant: Name,
  scopes: z.array(z.enum(["read", "write", "delete"])),
  limits: z.object({ read: PerMinute, write: PerMinute, compute: PerMinute }).optional(),
  expires: z
    .string()
    .refine((time) => !Number.isNaN(Date.parse(time)), "no time")
    .optional(),
});

/** The stored record of an API key. It does not contain the key itself. */
export interface ApiKey {
  /** SHA-256 of the key in hex (`hashKey`). Keys are random, so one round of hashing is enough. */
  readonly hash: string;
  /** Identifies the key in logs and rate limits. */
  readonly id: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** Requests per minute by kind. */
  readonly limits?: KeyLimits | undefined;
  /** Time of expiry (RFC 3339). */
  readonly expires?: string | undefined;
}

/**
 * Parses the keys of a JSON array.
 *
 * @param name name of the setting, for the error
 * @throws TypeError that says where the array is wrong, without quoting it
 */
export function readApiKeys(text: string, name: string): ApiKey[] {
  const form = `Expected ${name} to be a JSON array of {hash, id, tenant, scopes}`;
  const result = z.array(ApiKeySchema).safeParse(parsed(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join(".");
  throw new TypeError(path ? `${form}; at ${path}: ${issue?.message}` : form);
}

/** Parses the record of a key that is stored under its hash. Undefined if it is invalid. */
export function readApiKey(text: string, hash: string): ApiKey | undefined {
  const record = parsed(text);
  if (typeof record !== "object") return undefined;
  return ApiKeySchema.safeParse({ ...record, hash }).data;
}

/** Undefined for invalid JSON. The parser's error would quote it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Looks a key up by its hash: in an environment variable, a key-value store, a database.
 *
 * @param beforeLookUp must be called before looking up a hash that was not found before
 */
export type KeyLookup = (hash: string, beforeLookUp: () => void) => Promise<ApiKey | undefined>;

/** Keys start with this, so that scanners for leaked secrets find them. */
const PREFIX = "cosal_";
const KEY_BYTES = 32;

/** Generates a new key. Show it once. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return PREFIX + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function hashKey(key: string): Promise<string> {
  return sha256(new TextEncoder().encode(key));
}

/** Whether a bearer token has the form of a key. */
export function isKey(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** Looks keys up in a fixed list. */
export function listedKeys(keys: readonly ApiKey[]): KeyLookup {
  const byHash = new Map(keys.map((key) => [key.hash, key]));
  return async (hash) => byHash.get(hash);
}

/**
 * Authenticates requests with `Authorization: Bearer cosal_...`.
 *
 * It compares hashes in a table, so the time of a lookup says nothing about the key.
 *
 * @throws CosalError (when called) credentials_missing, credentials_invalid
 */
export function keyAuthenticator(lookUp: KeyLookup): Authenticator {
  return async function authenticateKey(request, beforeLookUp) {
    const token = bearerToken(request);
    const key = isKey(token) ? await lookUp(await hashKey(token), beforeLookUp) : undefined;
    if (key === undefined) throw invalid("The key is not known.");
    if (key.expires !== undefined && !(Date.parse(key.expires) > Date.now())) {
      throw invalid(`The key has expired at ${key.expires}.`);
    }
    return principalOf(key);
  };
}

async function principalOf({ id, tenant, scopes, limits }: ApiKey): Promise<Principal> {
  return {
    subject: await qualifiedName("key", id),
    tenant: await qualifiedName("key", tenant),
    scopes: new Set(scopes),
    ...(limits && { limits }),
  };
}

/** @throws CosalError credentials_missing */
export function bearerToken(request: Request): string {
  const header = request.headers.get("authorization") ?? "";
  const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1];
  if (token !== undefined) return token;
  throw new CosalError("credentials_missing", "Send a key: `Authorization: Bearer ...`.");
}

function invalid(message: string): CosalError {
  return new CosalError("credentials_invalid", message);
}
