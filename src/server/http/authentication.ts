import { createHash } from "node:crypto";
import {
  type Nonces,
  type Refusal,
  SIGNATURE_HEADERS,
  verify,
} from "../../app/access/request-signature.ts";
import {
  type ApiKey,
  type Authenticator,
  keyAuthenticator,
  listedKeys,
  type Principal,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { WORKERS } from "../storage/stores.ts";
import { addressOf, noteAddress } from "./caller-address.ts";

export interface Credentials {
  /** The secret shared with Workers, and the nonces of their requests. */
  readonly workers?: { readonly secret: string; readonly nonces: Nonces };
  /** Keys of direct callers. */
  readonly keys?: readonly ApiKey[] | undefined;
}

/** Signed requests come from a Worker, which has already authenticated its callers. */
const WORKER: Principal = {
  subject: "worker",
  tenant: WORKERS,
  scopes: new Set(["read", "write", "delete"]),
  isWorker: true,
};

const REASONS: Readonly<Record<Refusal, string>> = {
  missing: "This server takes signed requests.",
  malformed: "The signature's headers are incomplete or have another form.",
  expired: "The signature is too old, or the clocks are too far apart.",
  forged: "The signature is not that of this request.",
  replayed: "A request with this signature has come before.",
};

/** Authenticates Workers by signature and other callers by key. Undefined if the server is open. */
export function authenticator({ workers, keys }: Credentials): Authenticator | undefined {
  const byKey = keys && keyAuthenticator(listedKeys(keys));
  if (workers === undefined) return byKey;
  return async function authenticate(request, beforeLookUp) {
    const isSigned = request.headers.has(SIGNATURE_HEADERS.signature);
    if (!isSigned && byKey !== undefined) return byKey(request, beforeLookUp);
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const signed = { method, target: pathname + search, headers };
    const verdict = await verify(signed, { ...workers, now: Date.now() });
    if (verdict.ok) {
      const { name, keep } = verdict.tenant;
      return { ...WORKER, tenant: WORKERS + name, keep };
    }
    const code = verdict.reason === "missing" ? "credentials_missing" : "credentials_invalid";
    throw new CosalError(code, REASONS[verdict.reason]);
  };
}

/** The algorithm that signatures cover. Digests by other algorithms are ignored. */
const SHA256 = /^sha-256=:[A-Za-z0-9+/]{43}=:$/;

/**
 * The same request. Its body is checked against `Content-Digest` as it is read. The signature covers
 * this digest, and so the body.
 */
export function withCheckedBody(request: Request): Request {
  const promised = request.headers.get(SIGNATURE_HEADERS.digest);
  if (promised === null || !SHA256.test(promised) || request.body === null) return request;
  const hash = createHash("sha256");
  const checked = request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        hash.update(chunk);
        controller.enqueue(chunk);
      },
      flush() {
        if (`sha-256=:${hash.digest("base64")}:` === promised) return;
        throw new CosalError("digest_mismatch", "The body is not what its Content-Digest says.");
      },
    }),
  );
  const own = new Request(request, { body: checked, duplex: "half" } as RequestInit);
  noteAddress(own, addressOf(request));
  return own;
}
