import { CosalError } from "../../errors.ts";
import type { AppDependencies } from "../context/dependencies.ts";
import type { SignedLinks } from "./links.ts";
import { tooMany } from "./rate-limiter.ts";
import type { Principal, RateKind, RateVerdict, Scope } from "./types.ts";

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

/** Who sends a request, whether they may, and whether not too often. */
export type Guard = (request: Request) => Promise<Admittance>;

/**
 * @throws CosalError (when called) credentials_missing, credentials_invalid, scope_missing,
 * rate_limited
 */
export function createGuard(
  { authenticate, rates, addressOf }: AppDependencies,
  links: SignedLinks | undefined,
): Guard {
  return async function guard(request) {
    const principal = await principalOf(request, authenticate, links);
    const scope = scopeOf(request.method);
    if (!principal.scopes.has(scope)) {
      throw new CosalError("scope_missing", `This needs a key with the scope "${scope}".`);
    }
    if (rates === undefined) return { principal };
    const kind = kindOf(request.method);
    const perMinute = principal.limits?.[kind];
    const subject = principal.subject || addressOf?.(request) || "";
    const verdict = await rates({ subject, kind, ...(perMinute !== undefined && { perMinute }) });
    if (verdict === undefined) return { principal };
    if (!verdict.allowed) throw new RateLimited(kind, verdict);
    return { principal, rate: { kind, verdict } };
  };
}

/** Carries what the headers of the refusal say. */
export class RateLimited extends CosalError {
  readonly kind: RateKind;
  readonly verdict: RateVerdict;

  constructor(kind: RateKind, verdict: RateVerdict) {
    const { code, message, limit, retryAfter } = tooMany(kind, verdict);
    super(code, message, {
      ...(limit && { limit }),
      ...(retryAfter !== undefined && { retryAfter }),
    });
    this.kind = kind;
    this.verdict = verdict;
  }
}

async function principalOf(
  request: Request,
  authenticate: AppDependencies["authenticate"],
  links: SignedLinks | undefined,
): Promise<Principal> {
  if (authenticate === undefined) return ANONYMOUS;
  const isRead = request.method === "GET" || request.method === "HEAD";
  const tenant = isRead ? await links?.verify(request) : undefined;
  if (tenant !== undefined) return { subject: `link ${tenant}`, tenant, scopes: new Set(["read"]) };
  return authenticate(request);
}

function scopeOf(method: string): Scope {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "read";
  return method === "DELETE" ? "delete" : "write";
}

function kindOf(method: string): RateKind {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "read";
  return method === "POST" ? "compute" : "write";
}
