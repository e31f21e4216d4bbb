import { RateLimited, setRateLimitHeaders } from "../access/rate-limiter.ts";
import type { RequestContext } from "../context/request-context.ts";
import { presentable, problemOf } from "../problems/problem.ts";

const PROBLEM_TYPE = "application/problem+json";

/** The response to a failed request. */
export function problemResponse(error: unknown, requestContext: RequestContext): Response {
  const problem = problemOf(error, requestContext.id);
  requestContext.problem = problem.code;
  // Headers set before the failure are not sent.
  requestContext.hasHeaders = false;
  const headers = new Headers({ "content-type": PROBLEM_TYPE, "cache-control": "no-store" });
  const { retryAfter, limit, code } = presentable(error);
  if (retryAfter !== undefined) headers.set("retry-after", String(Math.ceil(retryAfter)));
  if (problem.status === 401) {
    const invalid = code === "credentials_invalid" ? ', error="invalid_token"' : "";
    headers.set("www-authenticate", `Bearer realm="cosal"${invalid}`);
  }
  // RFC 9110, 12.5.3: in a response, it lists the codings that are accepted.
  if (code === "content_coding_unsupported") headers.set("accept-encoding", "identity");
  if (code === "range_invalid") headers.set("content-range", `bytes */${limit?.limit ?? 0}`);
  if (error instanceof RateLimited) setRateLimitHeaders(headers, error.kind, error.verdict);
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
