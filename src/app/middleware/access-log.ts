import type { AppDependencies } from "../context/dependencies.ts";
import type { RequestContext } from "../context/request-context.ts";

/** Counts a response and logs it. A streamed response is counted when it begins. */
export function logRequest(
  host: AppDependencies,
  requestContext: RequestContext,
  status: number,
  method: string,
): void {
  const { id, route, tenant, problem, images, backend, cache, began } = requestContext;
  const milliseconds = Date.now() - began;
  host.analytics?.({
    ...{ route, status, tenant, problem, images, milliseconds },
    backend: backend?.name ?? "",
    cache: cache ?? "",
  });
  // Successful reads are counted but not logged.
  if (status < 400 && (method === "GET" || method === "HEAD")) return;
  host.log({
    ...{ level: "info", event: "request", request: id, route, status, tenant, milliseconds },
    ...(problem && { problem }),
    ...(images > 0 && { images }),
    ...(backend && { backend: backend.name, reason: backend.reason, cache }),
    ...(requestContext.traceparent && { traceparent: requestContext.traceparent }),
  });
}
