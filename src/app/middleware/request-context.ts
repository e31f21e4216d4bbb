import type { MiddlewareHandler } from "hono";
import { rateHeaders } from "../access/rate-limiter.ts";
import { describeDispatch } from "../context/dispatch-headers.ts";
import { type Env, Exchange } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { record } from "./access-log.ts";

/** What every answer has: a request id, what became of the request, and a line in the log. */
export function envelope(service: Service): MiddlewareHandler<Env> {
  const { host } = service;
  return async function envelope(c, next) {
    const exchange = new Exchange(c.req.raw, service.storesOf);
    c.set("exchange", exchange);
    await next();
    const { res } = c;
    if (!exchange.isHeaded) {
      for (const [name, value] of Object.entries(exchange.headers())) res.headers.set(name, value);
      describeDispatch(res.headers, exchange);
    }
    if (exchange.rate !== undefined) {
      rateHeaders(res.headers, exchange.rate.kind, exchange.rate.verdict);
    }
    record(host, exchange, res.status, c.req.method);
  };
}
