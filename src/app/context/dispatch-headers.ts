import type { RequestContext } from "./request-context.ts";

/** Names the backend that computed a group, and why: a token with a parameter (RFC 8941). */
const BACKEND_HEADER = "cosal-backend";

/** Whether the result came from the store: `Cache-Status` (RFC 9211). */
const CACHE_HEADER = "cache-status";

/** Sets the headers that say where a group's result came from. */
export function describeDispatch(headers: Headers, { backend, cache }: RequestContext): void {
  if (backend !== undefined) {
    const reason = backend.reason.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
    headers.set(BACKEND_HEADER, `${token(backend.name)};reason="${reason}"`);
  }
  if (cache === "hit") headers.set(CACHE_HEADER, "cosal;hit");
  if (cache === "miss") headers.set(CACHE_HEADER, "cosal;fwd=miss;stored");
  if (cache === "coalesced") headers.set(CACHE_HEADER, "cosal;fwd=miss;collapsed");
}

function token(name: string): string {
  const safe = name.replace(/[^\w.:/*-]/g, "-");
  return /^[a-z*]/i.test(safe) ? safe : `b-${safe}`;
}
