import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  type BatchAction,
  type BatchEvent,
  type Batches,
  type BatchRequest,
  batchBody,
  encodeResults,
  resultBody,
} from "../batches/index.ts";
import type { Env } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { BODY, GUARDED, json, problems } from "../openapi/responses.ts";
import { parseQuery } from "../problems/index.ts";
import { JSON_LINES } from "../representation/json-lines.ts";
import type { ServerSentEvent } from "../representation/sse.ts";
import { bytesStream } from "../representation/stream.ts";
import {
  BatchLineSchema,
  BatchPath,
  BatchQuery,
  BatchResultSchema,
  BatchSchema,
} from "../schemas/batch.ts";
import { EventsHeaders, JobHeaders } from "../schemas/headers.ts";
import { MANIFEST_TYPES, postBatch } from "./batch-submission.ts";
import { EVENTS, eventResponse } from "./event-response.ts";
import type { Router } from "./router.ts";
import { notHere, pathParameter } from "./shared.ts";

const ACTIONS: Readonly<Record<BatchAction, string>> = {
  pause: "Pause a batch: running groups are finished, and no others are started",
  resume: "Resume a paused batch",
  cancel: "Cancel a batch; its results so far are kept",
  retry: "Retry failed photographs, each with its whole group",
};

export function batchRoutes(router: Router, service: Service): void {
  const { host } = service;
  const request = { params: BatchPath };
  const state = json(BatchSchema, "The batch.");
  router.add(
    {
      method: "post",
      path: "/v1/batches",
      summary: "Mask any number of groups in the background",
      description:
        "The body is a manifest in JSON Lines with one photograph per line. Each group has its own consensus, or all photographs are masked with that of one group (`consensus`).",
      tags: ["batches"],
      request: {
        query: BatchQuery,
        headers: z.object({
          "idempotency-key": z.string().min(1).max(255).optional().openapi({
            description: "The same key returns the same batch.",
          }),
        }),
        body: {
          required: false,
          content: Object.fromEntries(
            MANIFEST_TYPES.map((type) => [type, { schema: BatchLineSchema }]),
          ),
        },
      },
      responses: {
        202: { ...json(BatchSchema, "The batch was accepted."), headers: JobHeaders },
        ...problems(
          ...(["content_type_unsupported", ...BODY, "body_not_json", "body_invalid"] as const),
          ...(["body_too_large", "option_invalid", "group_empty", "group_too_large"] as const),
          ...(["images_missing", "model_unknown", "consensus_incompatible", "not_found"] as const),
          ...(["idempotency_mismatch", "store_full", ...GUARDED] as const),
        ),
      },
    },
    (c) => postBatch(service, c),
  );
  router.add(
    {
      method: "get",
      path: "/v1/batches/{batch}",
      summary: "Get a batch's state",
      tags: ["batches"],
      request,
      responses: { 200: state, ...problems("not_found", ...GUARDED) },
    },
    async (c) => {
      const { tenant } = c.get("requestContext").principal;
      const batch = await required(host.batches).get(tenant, batchIn(c));
      if (batch === undefined) throw notHere("batch");
      return c.json(batchBody(batch, host.batches?.price), 200, { "cache-control": "no-store" });
    },
  );
  router.add(
    {
      method: "delete",
      path: "/v1/batches/{batch}",
      summary: "Delete a batch",
      description:
        "Its manifest and results are deleted; a batch that has not ended is cancelled. Masks and files in the bucket are not touched.",
      tags: ["batches"],
      request,
      responses: { 204: { description: "Deleted." }, ...problems("not_found", ...GUARDED) },
    },
    async (c) => {
      const { tenant } = c.get("requestContext").principal;
      if (await required(host.batches).remove(tenant, batchIn(c))) return c.body(null, 204);
      throw notHere("batch");
    },
  );
  for (const action of Object.keys(ACTIONS) as BatchAction[]) {
    router.add(
      {
        method: "post",
        path: `/v1/batches/{batch}/${action}`,
        summary: ACTIONS[action],
        description: "If the batch's status does not allow it, the batch does not change.",
        tags: ["batches"],
        request,
        responses: { 200: state, ...problems("not_found", "store_full", ...GUARDED) },
      },
      async (c) => {
        const { tenant } = c.get("requestContext").principal;
        const batch = await required(host.batches).act(tenant, batchIn(c), action);
        if (batch === undefined) throw notHere("batch");
        return c.json(batchBody(batch, host.batches?.price), 200, { "cache-control": "no-store" });
      },
    );
  }
  router.add(
    {
      method: "get",
      path: "/v1/batches/{batch}/events",
      summary: "Follow a batch's events",
      description:
        "Server-sent events `batch` (its state, once a second at most) and `result` (of a photograph). With `Last-Event-ID`, only results after it.",
      tags: ["batches"],
      request: {
        ...request,
        headers: EventsHeaders,
      },
      responses: {
        200: EVENTS,
        ...problems("not_found", "option_invalid", ...GUARDED),
      },
    },
    (c) => getEvents(service, c),
  );
  router.add(
    {
      method: "get",
      path: "/v1/batches/{batch}/results",
      summary: "Get the results so far, one line per photograph",
      tags: ["batches"],
      request: { ...request, query: ResultsQuery },
      responses: {
        200: {
          description: "JSON Lines.",
          content: { [JSON_LINES]: { schema: BatchResultSchema } },
        },
        ...problems("not_found", "option_invalid", ...GUARDED),
      },
    },
    (c) => getResults(service, c),
  );
}

const ResultsQuery = z
  .strictObject({
    order: z.enum(["manifest", "done"]).openapi({
      description: "In the order of the manifest (default), or in the order of completion.",
    }),
  })
  .partial();

async function getEvents(service: Service, c: Context<Env>): Promise<Response> {
  const { tenant } = c.get("requestContext").principal;
  const batches = required(service.host.batches);
  const link = service.linkOf(tenant);
  const id = batchIn(c);
  async function* shown(
    events: AsyncIterable<BatchEvent>,
    request: BatchRequest,
  ): AsyncGenerator<ServerSentEvent> {
    for await (const event of events) {
      yield event.event === "batch"
        ? { event: "batch", data: batchBody(event.data, batches.price) }
        : {
            event: "result",
            data: await resultBody(event.data, request, link),
            id: event.number,
          };
    }
  }
  return eventResponse(c, async (after, signal) => {
    const batch = await batches.get(tenant, id);
    const events = await batches.events(tenant, id, after, signal);
    if (batch === undefined || events === undefined) throw notHere("batch");
    return shown(events, batch.header.request);
  });
}

async function getResults(service: Service, c: Context<Env>): Promise<Response> {
  const { order = "manifest" } = parseQuery(ResultsQuery, c.req.queries());
  const { tenant } = c.get("requestContext").principal;
  const batches = required(service.host.batches);
  const id = batchIn(c);
  const batch = await batches.get(tenant, id);
  const results = await batches.results(tenant, id, order);
  if (batch === undefined || results === undefined) throw notHere("batch");
  const blocks = encodeResults(results, batch.header.request, service.linkOf(tenant));
  return new Response(bytesStream(blocks, new AbortController()), {
    headers: { "content-type": JSON_LINES, "cache-control": "no-store" },
  });
}

/** Without batches, none can be found. */
function required(batches: Batches | undefined): Batches {
  if (batches === undefined) throw notHere("batch");
  return batches;
}

function batchIn(c: Context<Env>): string {
  return pathParameter(c, "batch");
}
