import { makeZip } from "client-zip";
import type { Context } from "hono";
import type { Group } from "../compute/plan.ts";
import { runGroup, type Step } from "../compute/run.ts";
import type { Env, Exchange } from "../observe/exchange.ts";
import { timed } from "../observe/exchange.ts";
import type { GroupBody } from "../openapi/schemas/group.ts";
import { problemOf } from "../problems/index.ts";
import { archiveNames } from "../representation/archive-names.ts";
import { eventsOf } from "../representation/events.ts";
import { renderFile } from "../representation/files.ts";
import { groupBody, groupPath } from "../representation/group-body.ts";
import { encodeParts, type Part } from "../representation/multipart.ts";
import { Place } from "../representation/resume.ts";
import { EVENT_STREAM, encodeEvents, type ServerEvent } from "../representation/sse.ts";
import { begun, bytesStream } from "../representation/stream.ts";
import { type Presentation, typeOf } from "../representation/variants.ts";
import type { Service } from "../service.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The types that a group is answered in; the first is the default. */
export const ANSWERS = [
  "application/json",
  "application/zip",
  "multipart/mixed",
  EVENT_STREAM,
] as const;

export type AnswerType = (typeof ANSWERS)[number];

/** Everything that an answer is made of. */
export interface Asked {
  readonly group: Group;
  readonly presentation: Presentation;
  readonly type: AnswerType;
}

/** Computes a group, or finds it in the store, and tells it in the type that was asked for. */
export async function answerGroup(
  service: Service,
  c: Context<Env>,
  asked: Asked,
): Promise<Response> {
  const exchange = c.get("exchange");
  const reader = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, reader.signal]);
  const isFilesWanted = asked.type === "application/zip" || asked.type === "multipart/mixed";
  const withRecords = isFilesWanted || asked.presentation.isInline;
  const models = await service.host.models();
  const context = service.runContext(exchange, models, { signal, withRecords });
  const steps = noted(runGroup(asked.group, context), exchange);
  const headers = { "content-location": groupPath(asked.group.id), vary: "accept" };
  if (asked.type === "application/json") {
    const body = await timed(exchange, "group", () => drained(service, exchange, asked, steps));
    return c.json(body, 200, headers);
  }
  // Until there is something to send a failure can still have its own status.
  const isEnough = (step: Step) =>
    isFilesWanted ? step.type === "mask" || step.type === "done" : step.type !== "backend";
  const started = await timed(exchange, "group", () => begun(steps, isEnough));
  const { body, type } = streamed(service, c, asked, started);
  const stream = bytesStream(body, reader, (error) => {
    if (error !== undefined && !reader.signal.aborted) logFailure(service, exchange, error);
  });
  return new Response(stream, {
    headers: { ...headers, "content-type": type, "cache-control": "no-store" },
  });
}

function streamed(
  service: Service,
  c: Context<Env>,
  asked: Asked,
  steps: AsyncIterable<Step>,
): { body: AsyncIterable<Uint8Array>; type: string } {
  const exchange = c.get("exchange");
  if (asked.type === EVENT_STREAM) {
    const events = told(service, exchange, asked, steps, c.req.header("last-event-id"));
    return { body: encodeEvents(events), type: `${EVENT_STREAM}; charset=utf-8` };
  }
  if (asked.type === "application/zip") {
    const zip = makeZip(zipped(service, exchange, asked, steps));
    return { body: zip as AsyncIterable<Uint8Array>, type: "application/zip" };
  }
  const boundary = `cosal-${crypto.randomUUID()}`;
  const parts = partsOf(service, exchange, asked, steps);
  return { body: encodeParts(parts, boundary), type: `multipart/mixed; boundary=${boundary}` };
}

/** Remembers on the exchange what the headers and the log say of a group. */
async function* noted(steps: AsyncIterable<Step>, exchange: Exchange): AsyncGenerator<Step> {
  for await (const step of steps) {
    if (step.type === "backend") {
      exchange.backend = { name: step.name, reason: step.reason };
      exchange.cache ??= step.reason === "it is stored" ? "hit" : "miss";
    }
    if (step.type === "done") {
      exchange.cache = step.cache;
      exchange.images = step.result.images.length;
    }
    yield step;
  }
}

/** The JSON body, once everything is done. */
async function drained(
  service: Service,
  exchange: Exchange,
  { group, presentation }: Asked,
  steps: AsyncIterable<Step>,
): Promise<GroupBody> {
  const view = service.view(presentation, exchange.tenant);
  const files = new Map<string, Bytes>();
  for await (const step of steps) {
    if (step.type === "mask" && presentation.isInline && step.record !== undefined) {
      const { sha256 } = step.image;
      const file = service.fileContext(exchange);
      files.set(sha256, await renderFile(sha256, step.record, presentation.main, file));
    }
    if (step.type === "done") return groupBody(step.result, step.cache, group.sent, view, files);
  }
  throw new Error("a group ended without a result");
}

/** Server-sent events; images that the reader has been told of already are left out. */
async function* told(
  service: Service,
  exchange: Exchange,
  asked: Asked,
  steps: AsyncIterable<Step>,
  lastEventId: string | undefined,
): AsyncGenerator<ServerEvent> {
  const { group, presentation } = asked;
  const place = new Place(group, lastEventId);
  const view = service.view(presentation, exchange.tenant);
  const events = eventsOf(group, view);
  const files = new Map<string, Bytes>();
  try {
    for await (const step of steps) {
      if (step.type === "mask") {
        const { sha256 } = step.image;
        if (presentation.isInline && step.record !== undefined) {
          const context = service.fileContext(exchange);
          files.set(sha256, await renderFile(sha256, step.record, presentation.main, context));
        }
        if (place.has(sha256)) continue;
        const id = place.told(sha256);
        for (const event of await events(step)) yield { ...event, id };
      } else {
        for (const event of await events(step)) yield event;
      }
      if (step.type === "done") {
        const data = await groupBody(step.result, step.cache, group.sent, view, files);
        yield { event: "result", data };
      }
    }
  } catch (error) {
    logFailure(service, exchange, error);
    yield { event: "error", data: problemOf(error, exchange.id) };
  }
}

/** Files under the images' names, and the JSON body last. What fails breaks the archive off. */
async function* zipped(
  service: Service,
  exchange: Exchange,
  { group, presentation }: Asked,
  steps: AsyncIterable<Step>,
) {
  const { kind, suffix } = presentation.main;
  const names = archiveNames(group.sent, suffix);
  for await (const step of steps) {
    if (step.type === "mask") {
      const { sha256 } = step.image;
      const context = service.fileContext(exchange);
      const input = await renderFile(sha256, step.record as Bytes, presentation.main, context);
      const sent = group.sent.flatMap((image, i) => (image.sha256 === sha256 ? [i] : []));
      for (const i of sent) yield { name: `${kind}/${names[i]}`, input };
    }
    if (step.type === "done") {
      const view = service.view(presentation, exchange.tenant);
      const body = await groupBody(step.result, step.cache, group.sent, view);
      yield { name: "result.json", input: `${JSON.stringify(body, undefined, 2)}\n` };
    }
  }
}

/**
 * A part for each photograph, named by its SHA-256, as soon as it is there; one for the consensus;
 * the JSON body last, or the problem that ended it.
 */
async function* partsOf(
  service: Service,
  exchange: Exchange,
  { group, presentation }: Asked,
  steps: AsyncIterable<Step>,
): AsyncGenerator<Part> {
  const { main } = presentation;
  try {
    for await (const step of steps) {
      if (step.type === "consensus") {
        yield {
          type: "application/vnd.cosal.consensus",
          fileName: "consensus",
          body: step.consensus,
        };
      }
      if (step.type === "mask") {
        const { sha256 } = step.image;
        const context = service.fileContext(exchange);
        const body = await renderFile(sha256, step.record as Bytes, main, context);
        yield { type: typeOf(main), fileName: sha256, body };
      }
      if (step.type === "done") {
        const view = service.view(presentation, exchange.tenant);
        const body = await groupBody(step.result, step.cache, group.sent, view);
        yield { type: "application/json", body: JSON.stringify(body) };
      }
    }
  } catch (error) {
    logFailure(service, exchange, error);
    const problem = problemOf(error, exchange.id);
    yield { type: "application/problem+json", body: JSON.stringify(problem) };
  }
}

/** A failure in the middle of an answer: the status has been sent by then. */
function logFailure({ host }: Service, { id, tenant, route }: Exchange, error: unknown): void {
  const level = problemOf(error, id).status >= 500 ? "error" : "info";
  host.log({ level, event: "answer broken off", request: id, tenant, route, error });
}
