import type { AppDependencies } from "../context/dependencies.ts";
import type { RequestContext } from "../context/request-context.ts";

/** Counts an answer and writes its line in the log. Those that are streamed are counted when they begin. */
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
  // What succeeds and costs nothing is counted, not written down.
  if (status < 400 && (method === "GET" || method === "HEAD")) return;
  host.log({
    ...{ level: "info", event: "request", request: id, route, status, tenant, milliseconds },
    ...(problem && { problem }),
    ...(images > 0 && { images }),
    ...(backend && { backend: backend.name, reason: backend.reason, cache }),
    ...(requestContext.traceparent && { traceparent: requestContext.traceparent }),
  });
}
