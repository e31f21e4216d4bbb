import type { OpenAPIHono } from "@hono/zod-openapi";
import { cors } from "hono/cors";
import { CosalError } from "../errors.ts";
import { createGuard, createOpenGuard } from "./access/guard.ts";
import type { AppDependencies } from "./context/dependencies.ts";
import type { Env } from "./context/request-context.ts";
import { Service } from "./context/service.ts";
import { problemResponse } from "./middleware/problem-response.ts";
import { withRequestContext } from "./middleware/request-context.ts";
import { registerSecurity } from "./openapi/document.ts";
import { batchRoutes } from "./routes/batches.ts";
import { cacheFastPath } from "./routes/cache-fast-path.ts";
import { consensusRoutes } from "./routes/consensus.ts";
import { docsRoutes } from "./routes/docs.ts";
import { fileRoutes } from "./routes/files.ts";
import { groupRoutes } from "./routes/groups.ts";
import { imageRoutes } from "./routes/images.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { pageRoutes } from "./routes/page.ts";
import { Router } from "./routes/router.ts";
import { serviceRoutes } from "./routes/service.ts";

/** Response headers that scripts of other origins may read. */
const EXPOSED = [
  "cache-status",
  "content-location",
  "content-range",
  "cosal-backend",
  "etag",
  "location",
  "preference-applied",
  "ratelimit",
  "ratelimit-policy",
  "repr-digest",
  "retry-after",
  "server-timing",
  "x-request-id",
];

/** How long browsers cache the response to a preflight request, in seconds. */
const PREFLIGHT = 86_400;

/**
 * The HTTP API, for any host that has `Request` and `Response`.
 *
 * @example
 * ```ts
 * const api = createApp({ models, stores: memoryStores(), compute, decoder, limits, log: silent });
 * const response = await api.request("/v1/groups", { method: "POST", body: form });
 * ```
 */
export function createApp(host: AppDependencies): OpenAPIHono<Env> {
  const service = new Service(host);
  const router = new Router();
  const { app } = router;
  app.use(withRequestContext(service));
  if (host.origins !== undefined) {
    const origin = host.origins === "*" ? "*" : [...host.origins];
    app.use("/v1/*", cors({ origin, exposeHeaders: EXPOSED, maxAge: PREFLIGHT }));
  }
  const isOpen =
    host.authenticate === undefined && host.rates === undefined && service.links === undefined;
  if (!isOpen) {
    const guard = createGuard(host, service.links);
    app.use("/v1/*", async (c, next) => {
      const requestContext = c.get("requestContext");
      requestContext.admit(await guard(c.req.raw));
      await next();
    });
  }
  if (host.rates !== undefined) {
    const guard = createOpenGuard(host);
    app.use("/readyz", async (c, next) => {
      await guard(c.req.raw);
      await next();
    });
  }
  registerSecurity(app);
  serviceRoutes(router, service);
  groupRoutes(router, service);
  consensusRoutes(router, service);
  fileRoutes(router, service);
  imageRoutes(router, service);
  jobRoutes(router, service);
  batchRoutes(router, service);
  docsRoutes(router, service);
  pageRoutes(router, service);
  router.close();
  app.notFound((c) => {
    const message = `There is no ${c.req.path}. Photographs go to POST /v1/groups; /docs describes the rest.`;
    return problemResponse(new CosalError("not_found", message), c.get("requestContext"));
  });
  app.onError((error, c) => {
    const requestContext = c.get("requestContext");
    const response = problemResponse(error, requestContext);
    const allow = c.res.headers.get("allow");
    if (response.status >= 500 && !c.req.raw.signal.aborted) {
      const { id: request, route, tenant } = requestContext;
      host.log({ level: "error", event: "request failed", request, route, tenant, error });
    }
    if (allow !== null) response.headers.set("allow", allow);
    return response;
  });
  if (isOpen && host.origins === undefined) {
    const { fetch } = app;
    const answer = cacheFastPath(service);
    app.fetch = (request, ...rest) => answer(request) ?? fetch(request, ...rest);
  }
  return app;
}
