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

/** The principal of all requests in deployments without authentication. */
export const ANONYMOUS: Principal = {
  subject: "",
  tenant: "",
  scopes: new Set<Scope>(["read", "write", "delete"]),
};

export interface Admittance {
  readonly principal: Principal;
  readonly rate?: { readonly kind: RateKind; readonly verdict: RateVerdict };
}

/** Options of a guard. Without any, all requests are allowed. */
export interface GuardOptions {
  readonly authenticate?: Authenticator;
  readonly rates?: RateLimiter;
  /** IP address of the caller, for rate limits without keys. */
  readonly addressOf?: (request: Request) => string;
}

/** Authenticates a request, checks its scope, and applies rate limits. */
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
 * Limits requests to routes without authentication, by network.
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
 * Admits requests with a signed link. They are counted by link and network, since links are shared.
 * Frequent requests for one link must block neither other links nor the same link in other networks.
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
