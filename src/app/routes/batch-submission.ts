import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { CosalError } from "../../errors.ts";
import type { ImageStore } from "../../group/index.ts";
import {
  type BatchBucket,
  type BatchFormat,
  type BatchLimits,
  type BatchLine,
  type BatchRequest,
  batchBody,
  batchPath,
  listManifest,
  readManifest,
  requireStored,
} from "../batches/index.ts";
import { modelOf } from "../compute/plan.ts";
import { type Env, type RequestContext, timed } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { limited } from "../multipart/chunks.ts";
import { parseQuery } from "../problems/index.ts";
import { JSON_LINES } from "../representation/json-lines.ts";
import { DEFAULT_THRESHOLD } from "../representation/variants.ts";
import { BATCH_FORMATS, BatchQuery } from "../schemas/batch.ts";
import { limitedBlocks, mediaType } from "../upload/index.ts";
import { idempotencyKeyOf } from "./shared.ts";

export const MANIFEST_TYPES = [JSON_LINES, "application/x-ndjson", "application/x-jsonlines"];

const PARALLELISM = 2;

type Query = z.infer<typeof BatchQuery>;

/** Reads a request for a batch, and responds as soon as the batch is stored. */
export async function postBatch(service: Service, c: Context<Env>): Promise<Response> {
  const { batches } = service.host;
  if (batches === undefined) {
    const message = "This deployment accepts no batches. Send groups to POST /v1/groups.";
    throw new CosalError("not_found", message);
  }
  const requestContext = c.get("requestContext");
  const query = parseQuery(BatchQuery, c.req.queries());
  const idempotencyKey = idempotencyKeyOf(c.req.header("idempotency-key"));
  const bucket = service.host.batchBucket?.(requestContext.tenant);
  checkPlaces(query, bucket);
  if ((query.source ?? query.manifest) === undefined) checkType(c.req.raw);
  const parallelism = parallelismOf(query, batches.limits.parallelism);
  const request = await requestOf(query, parallelism, service, requestContext);
  const lines = linesOf(c.req.raw, query, bucket, {
    limits: batches.limits,
    bodyBytes: service.host.limits.bodyBytes,
    images: requestContext.stores.images,
  });
  const batch = await timed(requestContext, "upload", () =>
    batches.submit({ request, lines, ...(idempotencyKey !== undefined && { idempotencyKey }) }),
  );
  return c.json(batchBody(batch, batches.price), 202, {
    location: batchPath(batch.header.id),
    "cache-control": "no-store",
  });
}

async function requestOf(
  query: Query,
  parallelism: number,
  { host }: Service,
  { tenant, stores, id, traceparent }: RequestContext,
): Promise<BatchRequest> {
  const { consensus, destination } = query;
  const model = await modelOf(
    { model: query.model, consensusOf: consensus },
    { models: await host.models(), stores },
  );
  return {
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
}

/** The lines of the body, of a manifest in the bucket, or of what lies below a prefix. */
function linesOf(
  request: Request,
  { source, manifest, consensus }: Query,
  bucket: BatchBucket | undefined,
  {
    limits,
    bodyBytes,
    images,
  }: {
    readonly limits: BatchLimits;
    readonly bodyBytes: number;
    readonly images: ImageStore;
  },
): AsyncIterable<BatchLine> {
  const rules = {
    limits,
    hasConsensus: consensus !== undefined,
    hasBucket: bucket !== undefined,
  };
  if (source !== undefined && bucket !== undefined) return listManifest(bucket, source, rules);
  const limit = Math.min(limits.bytes, bodyBytes);
  const blocks =
    manifest !== undefined && bucket !== undefined
      ? storedManifest(bucket, manifest, limits.bytes)
      : limitedBlocks(request, limit, (actual) => tooLarge(limit, actual));
  return requireStored(readManifest(blocks, rules), images);
}

/** @throws CosalError option_invalid */
function checkPlaces({ source, manifest, destination }: Query, bucket: BatchBucket | undefined) {
  if (bucket === undefined && (source ?? manifest ?? destination) !== undefined) {
    const message = "This deployment has no bucket for batches.";
    throw new CosalError("option_invalid", message);
  }
  if (source !== undefined && manifest !== undefined) {
    throw new CosalError("option_invalid", "Expected one of source and manifest.");
  }
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

/** @throws CosalError option_invalid */
function parallelismOf({ parallelism: actual }: Query, limit: number): number {
  if (actual === undefined) return Math.min(PARALLELISM, limit);
  if (actual <= limit) return actual;
  const message = `At most ${limit} groups of a batch are computed at once.`;
  throw new CosalError("option_invalid", message, {
    limit: { name: "parallelism", limit, actual },
  });
}

function tooLarge(limit: number, actual: number): CosalError {
  const message = `The manifest has more than ${limit} bytes. Send several batches.`;
  return new CosalError("body_too_large", message, { limit: { name: "bytes", limit, actual } });
}
