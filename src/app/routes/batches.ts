import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { CosalError } from "../../errors.ts";
import {
  type BatchAction,
  type BatchBucket,
  type BatchEvent,
  type Batches,
  type BatchFormat,
  type BatchRequest,
  batchBody,
  batchPath,
  encodeResults,
  listManifest,
  readManifest,
  requireStored,
  resultBody,
} from "../batches/index.ts";
import { modelOf } from "../compute/plan.ts";
import { type Env, timed } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { limited } from "../multipart/chunks.ts";
import { BODY, GUARDED, json, problems } from "../openapi/responses.ts";
import { parseQuery } from "../problems/index.ts";
import { JSON_LINES } from "../representation/json-lines.ts";
import { EVENT_STREAM, encodeEvents, type ServerSentEvent } from "../representation/sse.ts";
import { bytesStream } from "../representation/stream.ts";
import { DEFAULT_THRESHOLD } from "../representation/variants.ts";
import {
  BATCH_FORMATS,
  BatchLineSchema,
  BatchPath,
  BatchQuery,
  BatchResultSchema,
  BatchSchema,
} from "../schemas/batch.ts";
import { JobHeaders } from "../schemas/headers.ts";
import { limitedBlocks, mediaType } from "../upload/index.ts";
import type { Router } from "./router.ts";
import { idempotencyKeyOf, lastEventIdOf, notHere, pathParameter } from "./shared.ts";

const MANIFEST_TYPES = [JSON_LINES, "application/x-ndjson", "application/x-jsonlines"];

const PARALLELISM = 2;

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
        headers: z.object({
          "last-event-id": z
            .string()
            .regex(/^\d{1,15}$/)
            .optional(),
        }),
      },
      responses: {
        200: {
          description: "Events.",
          content: { [EVENT_STREAM]: { schema: { type: "string" } } },
        },
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

async function postBatch(service: Service, c: Context<Env>): Promise<Response> {
  const { batches, models, limits } = service.host;
  if (batches === undefined) {
    const message = "This deployment accepts no batches. Send groups to POST /v1/groups.";
    throw new CosalError("not_found", message);
  }
  const requestContext = c.get("requestContext");
  const { tenant, stores, id, traceparent } = requestContext;
  const query = parseQuery(BatchQuery, c.req.queries());
  const idempotencyKey = idempotencyKeyOf(c.req.header("idempotency-key"));
  const { consensus, source, manifest, destination } = query;
  const bucket = service.host.batchBucket?.(tenant);
  if (bucket === undefined && (source ?? manifest ?? destination) !== undefined) {
    const message = "This deployment has no bucket for batches.";
    throw new CosalError("option_invalid", message);
  }
  if (source !== undefined && manifest !== undefined) {
    throw new CosalError("option_invalid", "Expected one of source and manifest.");
  }
  if ((source ?? manifest) === undefined) checkType(c.req.raw);
  const parallelism = query.parallelism ?? Math.min(PARALLELISM, batches.limits.parallelism);
  checkParallelism(parallelism, batches.limits.parallelism);
  const model = await modelOf(
    { model: query.model, consensusOf: consensus },
    { models: await models(), stores },
  );
  const request: BatchRequest = {
    tenant,
    model,
    ...(consensus !== undefined && { consensusOf: consensus }),
    backend: query.backend ?? "auto",
    detail: query.detail ?? "normal",
    formats: formatsOf(query.formats),
    size: query.size ?? "source",
    threshold: query.threshold ?? DEFAULT_THRESHOLD,
    ...(destination !== undefined && { destination }),
    parallelism,
    request: id,
    ...(traceparent !== undefined && { traceparent }),
  };
  const rules = {
    limits: batches.limits,
    hasConsensus: consensus !== undefined,
    hasBucket: bucket !== undefined,
  };
  const limit = Math.min(batches.limits.bytes, limits.bodyBytes);
  const blocks = () =>
    manifest !== undefined && bucket !== undefined
      ? storedManifest(bucket, manifest, batches.limits.bytes)
      : limitedBlocks(c.req.raw, limit, (actual) => tooLarge(limit, actual));
  const lines =
    source !== undefined && bucket !== undefined
      ? listManifest(bucket, source, rules)
      : requireStored(readManifest(blocks(), rules), stores.images);
  const batch = await timed(requestContext, "upload", () =>
    batches.submit({ request, lines, ...(idempotencyKey !== undefined && { idempotencyKey }) }),
  );
  return c.json(batchBody(batch, batches.price), 202, {
    location: batchPath(batch.header.id),
    "cache-control": "no-store",
  });
}

async function getEvents(service: Service, c: Context<Env>): Promise<Response> {
  const reader = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, reader.signal]);
  const { tenant } = c.get("requestContext").principal;
  const batches = required(service.host.batches);
  const id = batchIn(c);
  const batch = await batches.get(tenant, id);
  const events = await batches.events(tenant, id, lastEventIdOf(c), signal);
  if (batch === undefined || events === undefined) throw notHere("batch");
  const { request } = batch.header;
  const link = service.linkOf(tenant);
  async function* shown(events: AsyncIterable<BatchEvent>): AsyncGenerator<ServerSentEvent> {
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
  return new Response(bytesStream(encodeEvents(shown(events)), reader), {
    headers: { "content-type": `${EVENT_STREAM}; charset=utf-8`, "cache-control": "no-store" },
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

/** The bytes of a manifest in a bucket. @throws CosalError not_found, body_too_large */
async function* storedManifest(
  bucket: BatchBucket,
  key: string,
  limit: number,
): AsyncGenerator<Uint8Array> {
  const blocks = await bucket.read(key);
  if (blocks === undefined) {
    throw new CosalError("not_found", "There is no such manifest in the bucket.");
  }
  yield* limited(blocks, limit, (actual) => tooLarge(limit, actual));
}

/** @throws CosalError content_type_unsupported */
function checkType(request: Request): void {
  const type = mediaType(request);
  if (MANIFEST_TYPES.includes(type)) return;
  throw new CosalError(
    "content_type_unsupported",
    `Expected a manifest of type ${JSON_LINES} but received ${type || "no content-type"}.`,
  );
}

/** @throws CosalError option_invalid */
function formatsOf(text = "png"): BatchFormat[] {
  const formats = [...new Set(text.split(","))];
  const unknown = formats.find((format) => !BATCH_FORMATS.includes(format));
  if (unknown === undefined) return formats as BatchFormat[];
  throw new CosalError(
    "option_invalid",
    `There is no format ${JSON.stringify(unknown)}: ${BATCH_FORMATS.join(", ")}.`,
  );
}

function checkParallelism(actual: number, limit: number): void {
  if (actual <= limit) return;
  throw new CosalError(
    "option_invalid",
    `At most ${limit} groups of a batch are computed at once.`,
    {
      limit: { name: "parallelism", limit, actual },
    },
  );
}

function tooLarge(limit: number, actual: number): CosalError {
  const message = `The manifest has more than ${limit} bytes. Send several batches.`;
  return new CosalError("body_too_large", message, { limit: { name: "bytes", limit, actual } });
}

/** Without batches, none can be found. */
function required(batches: Batches | undefined): Batches {
  if (batches === undefined) throw notHere("batch");
  return batches;
}

function batchIn(c: Context<Env>): string {
  return pathParameter(c, "batch");
}
