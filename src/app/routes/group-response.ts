import { makeZip } from "client-zip";
import type { Context } from "hono";
import type { Group } from "../compute/plan.ts";
import { runGroup, type Step } from "../compute/run.ts";
import { type Env, type Exchange, timed } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { groupPath } from "../representation/group-body.ts";
import { encodeParts } from "../representation/multipart.ts";
import { EVENT_STREAM, encodeEvents } from "../representation/sse.ts";
import { begun, bytesStream } from "../representation/stream.ts";
import type { Presentation } from "../representation/variants.ts";
import { Telling } from "./response-writer.ts";

/** The types that a group is answered in; the first is the default. */
export const ANSWERS = [
  "application/json",
  "application/zip",
  "multipart/mixed",
  EVENT_STREAM,
] as const;

/** Everything that an answer is made of. */
export interface Asked {
  readonly group: Group;
  readonly presentation: Presentation;
  readonly type: (typeof ANSWERS)[number];
}

/** Computes a group, or finds it in the store, and tells it in the type that was asked for. */
export async function answerGroup(
  service: Service,
  c: Context<Env>,
  { group, presentation, type }: Asked,
): Promise<Response> {
  const exchange = c.get("exchange");
  const reader = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, reader.signal]);
  const isOfFiles = type === "application/zip" || type === "multipart/mixed";
  const withRecords = isOfFiles || presentation.isInline;
  const models = await service.host.models();
  const context = service.runContext(exchange, models, { signal, withRecords });
  const steps = noted(runGroup(group, context), exchange);
  const telling = new Telling(service, exchange, group, presentation);
  const headers = { "content-location": groupPath(group.id), vary: "accept" };
  if (type === "application/json") {
    const body = await timed(exchange, "group", () => telling.json(steps));
    return c.json(body, 200, headers);
  }
  // Until there is something to send a failure can still have its own status.
  const isEnough = (step: Step) =>
    isOfFiles ? step.type === "mask" || step.type === "done" : step.type !== "backend";
  const started = await timed(exchange, "group", () => begun(steps, isEnough));
  const streamed = streamOf(telling, type, started, c.req.header("last-event-id"));
  const stream = bytesStream(streamed.body, reader, (error) => {
    if (error !== undefined && !reader.signal.aborted) telling.failed(error);
  });
  return new Response(stream, {
    headers: { ...headers, "content-type": streamed.type, "cache-control": "no-store" },
  });
}

function streamOf(
  telling: Telling,
  type: Exclude<Asked["type"], "application/json">,
  steps: AsyncIterable<Step>,
  lastEventId: string | undefined,
): { body: AsyncIterable<Uint8Array>; type: string } {
  if (type === EVENT_STREAM) {
    const events = telling.events(steps, lastEventId);
    return { body: encodeEvents(events), type: `${type}; charset=utf-8` };
  }
  if (type === "application/zip") {
    return { body: makeZip(telling.archive(steps)) as AsyncIterable<Uint8Array>, type };
  }
  const boundary = `cosal-${crypto.randomUUID()}`;
  const body = encodeParts(telling.parts(steps), boundary);
  return { body, type: `${type}; boundary=${boundary}` };
}

/** Remembers on the exchange what the headers and the log say of a group. */
async function* noted(steps: AsyncIterable<Step>, exchange: Exchange): AsyncGenerator<Step> {
  for await (const step of steps) {
    if (step.type === "backend") {
      exchange.backend = { name: step.name, reason: step.reason };
      exchange.cache = step.cache;
    }
    yield step;
  }
}
