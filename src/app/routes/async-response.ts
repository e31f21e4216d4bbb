import type { Context } from "hono";
import { CosalError } from "../../errors.ts";
import type { Group } from "../compute/plan.ts";
import { requireImages, storeImages } from "../compute/stored-images.ts";
import type { Env } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { jobBody, jobPath } from "../jobs/body.ts";
import { MAX_JOB_DELAY } from "../limits.ts";
import { studioParameters } from "../representation/studio.ts";
import type { Presentation } from "../representation/variants.ts";
import type { Options } from "../schemas/request.ts";
import { preferencesOf, urgencyOf } from "./preferences.ts";
import { idempotencyKeyOf } from "./shared.ts";

/** Bytes of seeds that a job's request may carry; a queue and a database row have limits. */
const SEED_BYTES = 256 * 1024;

export interface AsyncRequest {
  readonly group: Group;
  readonly options: Options;
  readonly presentation: Presentation;
}

/**
 * Responds with 202 and a job if the caller prefers that (RFC 7240), or if the group is large and the
 * caller does not ask to wait. Undefined if the result is stored, or if there are no jobs here: a
 * preference may be ignored. The caller then gets a synchronous response.
 *
 * @throws CosalError images_missing, idempotency_mismatch, backend_unavailable, url_refused,
 * option_invalid
 */
export async function respondAsync(
  service: Service,
  c: Context<Env>,
  { group, options, presentation }: AsyncRequest,
): Promise<Response | undefined> {
  const { jobs, limits } = service.host;
  const requestContext = c.get("requestContext");
  const { isAsync, wait, delay = 0 } = preferencesOf(c.req.header("prefer"));
  const isLarge = group.distinct.length > limits.synchronousImages && wait === undefined;
  if (options.webhook !== undefined) checkWebhook(options.webhook, service.host.webhookHosts);
  if (jobs === undefined || !(isAsync || isLarge)) return undefined;
  // A job reads its photographs from the store, and photographs from Workers are not stored.
  if (requestContext.principal.isWorker) return undefined;
  if (delay > MAX_JOB_DELAY) throw tooLate(delay);
  const { tenant, stores, id, traceparent } = requestContext;
  const stored = await stores.groups.result(group.id);
  if (stored !== undefined && (await stores.groups.isComplete(stored))) return undefined;
  const seeds = group.seedRequests;
  if (JSON.stringify(seeds).length > SEED_BYTES) throw tooManySeeds();
  await requireImages(group, stores);
  refuseUnreadable(group);
  await storeImages(group, stores);
  const idempotencyKey = idempotencyKeyOf(c.req.header("idempotency-key"));
  const job = await jobs.submit({
    request: {
      tenant,
      group: group.id,
      model: group.model,
      images: group.sent,
      seeds,
      onError: group.onError,
      detail: group.detail,
      backend: group.backend,
      ...(group.consensusOf !== undefined && { consensusOf: group.consensusOf }),
      presentation: queryOf(presentation),
      urgency: urgencyOf(c.req.header("priority")),
      ...(delay > 0 && { notBefore: Date.now() + 1000 * delay }),
      ...(options.webhook !== undefined && { webhook: options.webhook }),
      request: id,
      ...(traceparent !== undefined && { traceparent }),
    },
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
  const applied = [isAsync && "respond-async", delay > 0 && `delay=${delay}`].filter(Boolean);
  const headers: Record<string, string> = {
    location: jobPath(job.id),
    "cache-control": "no-store",
    ...(applied.length > 0 && { "preference-applied": applied.join(", ") }),
  };
  return c.json(jobBody(job), 202, headers);
}

/** The query that `presentationOf` parses. */
function queryOf({ main, mask }: Presentation): string {
  const query = new URLSearchParams({ size: main.size, threshold: String(main.threshold) });
  if (mask.suffix === "logits") query.set("output", "logits");
  else query.set("format", mask.suffix.replace(/^(binary|rle|polygons)\..*/, "$1"));
  if (main.kind !== "masks") query.set("output", main.kind.slice(0, -1));
  for (const [name, value] of studioParameters(main)) query.set(name, value);
  return query.toString();
}

/** A job reads its photographs from the store, which accepts only readable photographs. */
function refuseUnreadable({ distinct, files }: Group): void {
  const bad = distinct.find(({ sha256, header }) => files.has(sha256) && header === undefined);
  if (bad === undefined) return;
  const message = "The file cannot be read as a photograph, so no job can be created with it.";
  throw new CosalError("image_undecodable", message, { image: { index: bad.index, id: bad.id } });
}

function checkWebhook(text: string, hosts: readonly string[] = []): void {
  const url = new URL(text);
  const isPlain = url.port === "" && url.username === "" && url.password === "";
  if (url.protocol === "https:" && isPlain && hosts.includes(url.hostname)) return;
  throw new CosalError("url_refused", `This deployment sends no webhooks to ${url.host}.`);
}

function tooLate(delay: number): CosalError {
  const message = `A job starts after at most ${MAX_JOB_DELAY} seconds.`;
  const limit = { name: "delay in seconds", limit: MAX_JOB_DELAY, actual: delay };
  return new CosalError("option_invalid", message, { limit });
}

function tooManySeeds(): CosalError {
  return new CosalError(
    "body_too_large",
    `A job's seeds have at most ${SEED_BYTES} bytes as JSON.`,
    {
      limit: { name: "bytes", limit: SEED_BYTES, actual: SEED_BYTES + 1 },
    },
  );
}
