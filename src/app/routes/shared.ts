import type { Context } from "hono";
import { CosalError } from "../../errors.ts";
import { isDigest, sha256 } from "../../group/index.ts";
import type { Env } from "../context/request-context.ts";

export function notHere(
  what: "group" | "mask" | "consensus" | "photograph" | "job" | "batch" | "page",
): CosalError {
  const message = `This ${what} is not stored here, or no longer.`;
  return new CosalError("not_found", message);
}

export function pathParameter(c: Context<Env>, name: string): string {
  return (c.req.param() as Record<string, string | undefined>)[name] ?? "";
}

/**
 * Reads a SHA-256 from the path and converts it to lower case.
 *
 * @throws CosalError not_found if it is not a SHA-256
 */
export function digestParameter(c: Context<Env>, name: "group" | "sha256"): string {
  const digest = pathParameter(c, name).toLowerCase();
  if (!isDigest(digest)) throw notHere(name === "group" ? "group" : "photograph");
  return digest;
}

/** A strong ETag: the SHA-256 of the contents. */
export async function strongEtag(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `"${await sha256(bytes)}"`;
}

/** Characters of an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws CosalError option_invalid */
export function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined || KEY.test(header)) return header;
  throw new CosalError(
    "option_invalid",
    "Expected Idempotency-Key to have 1 to 255 visible ASCII characters.",
  );
}
