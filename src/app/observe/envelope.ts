import type { MiddlewareHandler } from "hono";
import { rateHeaders } from "../safety/rates.ts";
import type { Service } from "../service.ts";
import { type Env, Exchange, serverTiming } from "./exchange.ts";
import { describeDispatch } from "./headers.ts";

/** What every answer has: a request id, what became of the request, and a line in the log. */
export function envelope(service: Service): MiddlewareHandler<Env> {
  const { host } = service;
  const storesOf = (tenant: string) => host.stores(service.storeOf(tenant));
  return async function envelope(c, next) {
    const exchange = new Exchange(c.req.raw, storesOf);
    c.set("exchange", exchange);
    await next();
    const { headers } = c.res;
    headers.set("x-request-id", exchange.id);
    headers.set("x-content-type-options", "nosniff");
    headers.set("server-timing", serverTiming(exchange));
    if (exchange.traceparent !== undefined) headers.set("traceparent", exchange.traceparent);
    if (exchange.rate !== undefined) {
      rateHeaders(headers, exchange.rate.kind, exchange.rate.verdict);
    }
    describeDispatch(headers, exchange);
    record(exchange, c.res.status, c.req.method);
  };

  /** Answers that are streamed are counted when they begin. */
  function record(exchange: Exchange, status: number, method: string): void {
    const { id, route, tenant, problem, images, backend, cache, began } = exchange;
    const milliseconds = Date.now() - began;
    host.analytics?.({
      ...{ route, status, tenant, problem, images, milliseconds },
      backend: backend?.name ?? "",
      cache: cache ?? "",
    });
    // What succeeds and costs nothing is counted, not written down.
    if (status < 400 && (method === "GET" || method === "HEAD")) return;
    host.log({
      ...{ level: "info", event: "request", request: id, route, status, tenant, milliseconds },
      ...(problem && { problem }),
      ...(images > 0 && { images }),
      ...(backend && { backend: backend.name, reason: backend.reason, cache }),
      ...(exchange.traceparent && { traceparent: exchange.traceparent }),
    });
  }
}
