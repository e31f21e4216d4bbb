import { CosalError } from "../../errors.ts";
import type { LinkSigning } from "./types.ts";

/** Minimum length of a secret, in characters. */
const MIN_SECRET_LENGTH = 32;

export interface SignedLink {
  /** The tenant that owns the file. */
  readonly tenant: string;
  /** Unique to the link. */
  readonly signature: string;
}

/**
 * Signed links to files, which work without a key until they expire: HMAC-SHA-256 over the path, its
 * query, the tenant and the time. A link gives access to its file and nothing else.
 */
export class SignedLinks {
  readonly #lifetime: number;
  readonly #secret: string;
  #key: CryptoKey | undefined;

  constructor({ secret, lifetime }: LinkSigning) {
    if (secret.length < MIN_SECRET_LENGTH) {
      throw new TypeError(`Expected a link secret of ${MIN_SECRET_LENGTH} characters or more`);
    }
    this.#secret = secret;
    this.#lifetime = lifetime;
  }

  /** Returns the path with its signature. The result is the same for some minutes. */
  async sign(path: string, tenant: string, now = Date.now()): Promise<string> {
    const url = new URL(path, "https://cosal.invalid");
    // Rounded to a quarter of the lifetime, so that repeated responses have the same links.
    const step = Math.max(1, Math.floor(this.#lifetime / 4));
    const expires = (Math.floor(now / 1000 / step) + 1) * step + this.#lifetime;
    url.searchParams.set("tenant", tenant);
    url.searchParams.set("expires", String(expires));
    url.searchParams.set("signature", await this.#signature(url));
    return url.pathname + url.search;
  }

  /**
   * Verifies the link of a request. Undefined if it has no signature.
   *
   * @throws CosalError credentials_invalid
   */
  async verify(request: Request, now = Date.now()): Promise<SignedLink | undefined> {
    const url = new URL(request.url);
    const given = url.searchParams.get("signature");
    if (given === null) return undefined;
    url.searchParams.delete("signature");
    const isRight = await this.#isSigned(url, given);
    const expires = Number(url.searchParams.get("expires"));
    if (!isRight || !(expires * 1000 > now)) {
      const message = isRight ? "The link has expired." : "The link's signature is invalid.";
      throw new CosalError("credentials_invalid", message);
    }
    return { tenant: url.searchParams.get("tenant") ?? "", signature: given };
  }

  async #signature(url: URL): Promise<string> {
    const key = await this.#importedKey();
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, signedText(url)));
    return btoa(String.fromCharCode(...signature))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  }

  /** Compares in constant time, by `crypto.subtle.verify`. */
  async #isSigned(url: URL, given: string): Promise<boolean> {
    if (!SIGNATURE.test(given)) return false;
    const base64 = given.replaceAll("-", "+").replaceAll("_", "/");
    const signature = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const key = await this.#importedKey();
    return crypto.subtle.verify("HMAC", key, signature, signedText(url));
  }

  async #importedKey(): Promise<CryptoKey> {
    this.#key ??= await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(this.#secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign", "verify"],
    );
    return this.#key;
  }
}

/**
 * 32 bytes in base64url without padding. The last character has only four significant bits. Other
 * characters with the same bits are rejected, so that a link has exactly one signature.
 */
const SIGNATURE = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

function signedText(url: URL): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`cosal-link/1\n${url.pathname}\n${url.searchParams}`);
}
