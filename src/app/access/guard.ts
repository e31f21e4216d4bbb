import { CosalError } from "../../errors.ts";
import { FailedAttempts } from "./failed-attempts.ts";
import type { SignedLinks } from "./links.ts";
import { networkOf } from "./networks.ts";
import { RateLimited } from "./rate-limiter.ts";
import type {
  Authenticator,
  Principal,
  RateKind,
  RateLimiter,
  RateRequest,
  RateVerdict,
  Scope,
} from "./types.ts";

/** Everybody, where there are no keys. */
export const ANONYMOUS: Principal = {
  subject: "",
  tenant: "",
  scopes: new Set<Scope>(["read", "write", "delete"]),
};

export interface Admittance {
  readonly principal: Principal;
  readonly rate?: { readonly kind: RateKind; readonly verdict: RateVerdict };
}

/** What a guard needs of the host. Without any of it, everybody may do everything. */
export interface GuardOptions {
  readonly authenticate?: Authenticator;
  readonly rates?: RateLimiter;
  /** Address of the caller, for limits where there are no keys. */
  readonly addressOf?: (request: Request) => string;
}

/** Who sends a request, whether they may, and whether not too often. */
export type Guard = (request: Request) => Promise<Admittance>;

/**
 * @throws CosalError (when called) credentials_missing, credentials_invalid, scope_missing,
 * rate_limited
 */
export function createGuard(
  { authenticate, rates, addressOf }: GuardOptions,
  links: SignedLinks | undefined,
): Guard {
  const attempts = new FailedAttempts(rates);

  async function principalOf(request: Request, network: string): Promise<Principal> {
    if (authenticate === undefined) return ANONYMOUS;
    try {
      return (
        (await holderOf(request, links, network)) ??
        (await authenticate(request, () => attempts.check(network)))
      );
    } catch (error) {
      const isFailure = error instanceof CosalError && error.code === "credentials_invalid";
      if (isFailure) await attempts.count(network);
      throw error;
    }
  }

  return async function guard(request) {
    const network = networkOf(addressOf?.(request) ?? "");
    const principal = await principalOf(request, network);
    const scope = scopeOf(request.method);
    if (!principal.scopes.has(scope)) {
      throw new CosalError("scope_missing", `This needs a key with the scope "${scope}".`);
    }
    const kind = kindOf(request.method);
    const perMinute = principal.limits?.[kind];
    const verdict = await limited(rates, {
      subject: principal.subject || network,
      kind,
      ...(perMinute !== undefined && { perMinute }),
    });
    return { principal, ...(verdict && { rate: { kind, verdict } }) };
  };
}

/**
 * Whether a caller whom nobody asks who they are comes too often, by their network.
 *
 * @throws CosalError (when called) rate_limited
 */
export function createOpenGuard({ rates, addressOf }: GuardOptions) {
  return async function openGuard(request: Request): Promise<void> {
    await limited(rates, { subject: networkOf(addressOf?.(request) ?? ""), kind: "read" });
  };
}

/** @throws RateLimited */
async function limited(
  rates: RateLimiter | undefined,
  request: RateRequest,
): Promise<RateVerdict | undefined> {
  const verdict = await rates?.(request);
  if (verdict?.allowed === false) throw new RateLimited(request.kind, verdict);
  return verdict;
}

/**
 * Who has a signed link. Counted by link and network: links are handed on, so whoever fetches one
 * often must neither lock the others of its tenant nor the same one for others.
 */
async function holderOf(
  request: Request,
  links: SignedLinks | undefined,
  network: string,
): Promise<Principal | undefined> {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const link = await links?.verify(request);
  if (link === undefined) return undefined;
  const subject = `link:${link.signature} ${network}`;
  return { subject, tenant: link.tenant, scopes: new Set(["read"]) };
}

function scopeOf(method: string): Scope {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "read";
  return method === "DELETE" ? "delete" : "write";
}

function kindOf(method: string): Exclude<RateKind, "authentication"> {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "read";
  return method === "POST" ? "compute" : "write";
}
