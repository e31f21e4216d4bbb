import type { Context } from "hono";
import { CosalError } from "../../errors.ts";
import { planGroup } from "../compute/plan.ts";
import { type Env, timed } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { file, GUARDED, groupAnswer, json, problems, UPLOADED } from "../openapi/responses.ts";
import { parseQuery } from "../problems/index.ts";
import { negotiate } from "../representation/accept.ts";
import { fileResponse } from "../representation/conditional.ts";
import { storedGroupBody } from "../representation/group-body.ts";
import { renditionKey } from "../representation/rendition-cache.ts";
import { presentationOf } from "../representation/variants.ts";
import { GroupPath } from "../schemas/common.ts";
import { GroupSchema } from "../schemas/group.ts";
import { JobHeaders } from "../schemas/headers.ts";
import { JobSchema } from "../schemas/job.ts";
import {
  ConditionalHeaders,
  GroupHeaders,
  GroupQuery,
  GroupRequestSchema,
  MultipartSchema,
  PresentationQuery,
} from "../schemas/request.ts";
import { type HeldMemory, readUpload } from "../upload/index.ts";
import { respondAsync } from "./async-response.ts";
import { RESPONSE_TYPES, respondWithGroup } from "./group-response.ts";
import type { Router } from "./router.ts";
import { digestParameter, notHere, strongEtag } from "./shared.ts";

const request = {
  query: GroupQuery,
  headers: GroupHeaders,
  body: {
    required: true,
    content: {
      "multipart/form-data": { schema: MultipartSchema },
      "application/json": { schema: GroupRequestSchema },
    },
  },
};

const responses = {
  200: groupAnswer(
    GroupSchema,
    "Masks: linked or inline in JSON; as files together with the JSON in a ZIP archive or multipart body; or as server-sent events `progress`, `image`, `result`, `error`, which can be resumed with `Last-Event-ID`.",
  ),
  202: {
    ...json(JobSchema, "A job: with `Prefer: respond-async`, or if the group is large."),
    headers: JobHeaders,
  },
  ...problems(...UPLOADED, ...GUARDED),
};

export function groupRoutes(router: Router, service: Service): void {
  router.add(
    {
      method: "post",
      path: "/v1/groups",
      summary: "Mask the object that a group of photographs has in common",
      description:
        "A group is identified by its photographs, model and options, in any order and under any names, and is computed only once. Photographs that are already stored can be named by SHA-256.",
      tags: ["groups"],
      request,
      responses,
    },
    (c) => postGroup(service, c),
  );
  router.add(
    {
      method: "get",
      path: "/v1/groups/{group}",
      summary: "A computed group",
      tags: ["groups"],
      request: { params: GroupPath, query: PresentationQuery, headers: ConditionalHeaders },
      responses: {
        200: json(GroupSchema, "Images are identified and sorted by SHA-256."),
        206: file(["application/json"], "The requested range."),
        304: { description: "Not modified." },
        ...problems("not_found", "option_invalid", "range_invalid", ...GUARDED),
      },
    },
    (c) => getGroup(service, c),
  );
  router.add(
    {
      method: "delete",
      path: "/v1/groups/{group}",
      summary: "Delete a group with its masks and consensus",
      tags: ["groups"],
      request: { params: GroupPath },
      responses: { 204: { description: "Removed." }, ...problems("not_found", ...GUARDED) },
    },
    (c) => deleteGroup(service, c),
  );
  router.add(
    {
      method: "post",
      path: "/v1/groups/{group}/images",
      summary: "Mask more photographs with a group's consensus",
      description:
        "The group does not change, and the photographs do not affect each other: a camera can send frame after frame. The result is a new group (`consensus_of` refers to the existing one).",
      tags: ["groups"],
      request: { params: GroupPath, ...request },
      responses: { ...responses, ...problems(...UPLOADED, ...GUARDED, "not_found") },
    },
    (c) => postGroup(service, c, digestParameter(c, "group")),
  );
}

async function postGroup(
  service: Service,
  c: Context<Env>,
  consensusOf?: string,
): Promise<Response> {
  const memory = service.memory.open(service.requesterOf(c.req.raw, c.get("requestContext")));
  try {
    return await readAndRespond(service, c, memory, consensusOf);
  } catch (error) {
    memory.release();
    throw error;
  }
}

/** @param memory released when the response has been read */
async function readAndRespond(
  service: Service,
  c: Context<Env>,
  memory: HeldMemory,
  consensusOf: string | undefined,
): Promise<Response> {
  const requestContext = c.get("requestContext");
  const query = parseQuery(GroupQuery, c.req.queries());
  const type = negotiate(c.req.header("accept"), RESPONSE_TYPES);
  const { limits, decoder, urls } = service.host;
  const takesConsensus = consensusOf !== undefined && requestContext.principal.isWorker === true;
  if (consensusOf !== undefined && !takesConsensus) await requireGroup(c, consensusOf);
  const { images, options, consensus } = await timed(requestContext, "upload", () =>
    readUpload(c.req.raw, {
      ...{ limits, decoder, urls, takesConsensus, memory, onError: query.on_error },
      images: requestContext.stores.images,
    }),
  );
  const seeds = options.seeds ?? [];
  if (consensusOf !== undefined && seeds.length > 0) {
    throw new CosalError("option_invalid", "An existing consensus cannot be combined with seeds.");
  }
  const group = await planGroup(
    {
      images,
      seeds,
      onError: query.on_error ?? options.on_error ?? "fail",
      detail: query.detail ?? options.detail ?? "normal",
      backend: query.backend ?? options.backend ?? "auto",
      model: query.model ?? options.model,
      consensusOf,
      consensus,
    },
    await service.planContext(requestContext),
  );
  requestContext.images = group.distinct.length;
  const presentation = presentationOf(query, options);
  const job = await respondAsync(service, c, { group, options, presentation });
  if (job === undefined) return respondWithGroup(service, c, { group, presentation, type, memory });
  memory.release();
  return job;
}

/** Checked before the photographs are read, so that no caller uploads them in vain. */
async function requireGroup(c: Context<Env>, group: string): Promise<void> {
  const { stores } = c.get("requestContext");
  if ((await stores.groups.result(group)) === undefined) throw notHere("group");
}

async function getGroup(service: Service, c: Context<Env>): Promise<Response> {
  const requestContext = c.get("requestContext");
  const { tenant, stores } = requestContext;
  const isSigned = service.links !== undefined;
  const key = renditionKey(tenant, pathAndQuery(c.req.url));
  const cacheControl = isSigned ? "private, no-cache" : service.cacheControl;
  const fresh = isSigned ? undefined : service.renditions.fresh(key);
  if (fresh !== undefined) {
    const headers = requestContext.headers();
    return fileResponse(c.req.raw, fresh, { cacheControl, headers });
  }
  const presentation = presentationOf(parseQuery(PresentationQuery, c.req.queries()));
  const result = await stores.groups.result(digestParameter(c, "group"));
  if (result === undefined) throw notHere("group");
  const body = await storedGroupBody(result, service.view(presentation, tenant));
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const rendered = { bytes, type: "application/json", etag: await strongEtag(bytes) };
  if (!isSigned) service.renditions.set(key, rendered);
  return fileResponse(c.req.raw, rendered, { cacheControl });
}

async function deleteGroup(service: Service, c: Context<Env>): Promise<Response> {
  const { tenant, stores } = c.get("requestContext");
  const group = digestParameter(c, "group");
  try {
    if (!(await stores.groups.delete(group))) throw notHere("group");
  } finally {
    service.renditions.deleteMatching(tenant, group);
  }
  return new Response(null, { status: 204 });
}

/** `?b=1&a=2` and `?a=2&b=1` count as different: at worst, the same file is cached twice. */
export function pathAndQuery(url: string): string {
  return url.slice(url.indexOf("/", url.indexOf("//") + 2));
}
