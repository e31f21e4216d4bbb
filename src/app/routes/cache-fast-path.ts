import { ANONYMOUS } from "../access/guard.ts";
import { RequestContext } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { logRequest } from "../middleware/access-log.ts";
import { fileResponse } from "../representation/conditional.ts";
import { renditionKey } from "../representation/rendition-cache.ts";
import { SMALL_FILE } from "../representation/send-file.ts";
import { pathAndQuery } from "./groups.ts";

/**
 * Responds to a GET for a rendered file in memory without the router, whose promises would double the
 * time. Undefined for all other requests, which the app handles. It checks no authorization, so use
 * it only in deployments without keys, rate limits and links.
 */
export function cacheFastPath(service: Service): (request: Request) => Response | undefined {
  const { host } = service;
  return (request) => {
    if (request.method !== "GET") return undefined;
    const path = pathAndQuery(request.url);
    const file = service.renditions.fresh(renditionKey(ANONYMOUS.tenant, path));
    if (file === undefined || request.headers.has("range")) return undefined;
    if (file.bytes.length > SMALL_FILE) return undefined;
    const requestContext = new RequestContext(request, service.storesOf);
    requestContext.route = ROUTES[path.split("/")[4] ?? ""] ?? "GET /v1/groups/:group";
    const { cacheControl } = service;
    const headers = requestContext.headers();
    const response = fileResponse(request, file, { cacheControl, headers });
    logRequest(host, requestContext, response.status, request.method);
    return response;
  };
}

/** Route patterns for the log and the metrics, by the path segment after the group. */
const ROUTES: Readonly<Record<string, string>> = {
  masks: "GET /v1/groups/:group/masks/:file",
  cutouts: "GET /v1/groups/:group/cutouts/:file",
  overlays: "GET /v1/groups/:group/overlays/:file",
};
