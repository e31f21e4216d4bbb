import type { MiddlewareHandler } from "hono";
import { setRateLimitHeaders } from "../access/rate-limiter.ts";
import { describeDispatch } from "../context/dispatch-headers.ts";
import { type Env, RequestContext } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { logRequest } from "./access-log.ts";

/** Gives each request its context, and each response a request id, common headers and a log line. */
export function withRequestContext(service: Service): MiddlewareHandler<Env> {
  const { host } = service;
  return async function withRequestContext(c, next) {
    const requestContext = new RequestContext(c.req.raw, service.storesOf);
    c.set("requestContext", requestContext);
    await next();
    const { res } = c;
    if (!requestContext.hasHeaders) {
      for (const [name, value] of Object.entries(requestContext.headers()))
        res.headers.set(name, value);
      describeDispatch(res.headers, requestContext);
    }
    if (requestContext.rate !== undefined) {
      setRateLimitHeaders(res.headers, requestContext.rate.kind, requestContext.rate.verdict);
    }
    logRequest(host, requestContext, res.status, c.req.method);
  };
}
