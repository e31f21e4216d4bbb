import { RateLimited, setRateLimitHeaders } from "../access/rate-limiter.ts";
import type { RequestContext } from "../context/request-context.ts";
import { presentable, problemOf } from "../problems/problem.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** The answer to a request that failed. */
export function problemResponse(error: unknown, requestContext: RequestContext): Response {
  const problem = problemOf(error, requestContext.id);
  requestContext.problem = problem.code;
  // Whatever was made before it failed is not sent.
  requestContext.hasHeaders = false;
  const headers = new Headers({ "content-type": PROBLEM_TYPE, "cache-control": "no-store" });
  const { retryAfter, limit, code } = presentable(error);
  if (retryAfter !== undefined) headers.set("retry-after", String(Math.ceil(retryAfter)));
  if (problem.status === 401) {
    const invalid = code === "credentials_invalid" ? ', error="invalid_token"' : "";
    headers.set("www-authenticate", `Bearer realm="cosal"${invalid}`);
  }
  // RFC 9110, 12.5.3: in an answer it says which codings are taken.
  if (code === "content_coding_unsupported") headers.set("accept-encoding", "identity");
  if (code === "range_invalid") headers.set("content-range", `bytes */${limit?.limit ?? 0}`);
  if (error instanceof RateLimited) setRateLimitHeaders(headers, error.kind, error.verdict);
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
