// Readers of variables and secrets. Each throws a TypeError for an invalid value: a deployment with
// a mistake in its settings serves no requests. The message says what to write and has no secret.
import { entries } from "../app/index.ts";
import type { Variables } from "./env.ts";

type Name = keyof Variables;

/** A number above 0. */
export function positive(name: Name, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new TypeError(`Expected a number above 0 in ${name} but received ${JSON.stringify(text)}`);
}

/** Reads one of two words: true for the first, false for the second or when the setting is empty. */
export function flag(
  name: Name,
  text: string | undefined,
  [yes, no]: readonly [string, string],
): boolean {
  if (!text || text === no) return false;
  if (text === yes) return true;
  throw new TypeError(`Expected ${yes} or ${no} in ${name} but received ${JSON.stringify(text)}`);
}

/** Reads a list of origins of web pages, or `*`. */
export function webOrigins(name: Name, list: string | undefined): readonly string[] | "*" {
  const origins = entries(list);
  if (origins.includes("*")) return "*";
  const wrong = origins.find((origin) => URL.parse(origin)?.origin !== origin);
  if (wrong === undefined) return origins;
  throw new TypeError(
    `Expected origins in ${name}, such as https://app.example.com, or *, but received ${wrong}`,
  );
}

/** Reads a URL that uses https. On this machine, http is allowed too. */
export function secureUrl(name: Name, text: string): URL {
  const url = URL.parse(text);
  const hasCredentials = url !== null && `${url.username}${url.password}` !== "";
  const isSecure =
    url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url !== null && isSecure && !hasCredentials) return url;
  const received = hasCredentials ? "one with a password" : JSON.stringify(text);
  throw new TypeError(
    `Expected an address in ${name} that begins with https:// (http:// only for 127.0.0.1, [::1] and localhost) but received ${received}`,
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** Characters: 128 bits of hex digits. A shorter secret can be guessed. */
const MIN_SECRET_LENGTH = 32;

/** Reads a secret and checks its length. Undefined when it is not set. */
export function longSecret(name: Name, secret: string | undefined): string | undefined {
  if (!secret) return undefined;
  if (secret.length >= MIN_SECRET_LENGTH) return secret;
  throw new TypeError(
    `Expected ${name} to have ${MIN_SECRET_LENGTH} characters or more, as of \`openssl rand -hex 32\`, but it has ${secret.length}`,
  );
}
