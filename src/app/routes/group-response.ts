import { makeZip } from "client-zip";
import type { Context } from "hono";
import type { Group } from "../compute/plan.ts";
import { runGroup, type Step } from "../compute/run.ts";
import { type Env, type RequestContext, timed } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { groupPath } from "../representation/group-body.ts";
import { encodeParts } from "../representation/multipart.ts";
import { checkRendering, RenderingBudget } from "../representation/rendering-budget.ts";
import { EVENT_STREAM, encodeEvents } from "../representation/sse.ts";
import { bytesStream, prefetch, readAhead } from "../representation/stream.ts";
import type { Presentation } from "../representation/variants.ts";
import type { HeldMemory } from "../upload/index.ts";
import { isInBackground, preferencesOf } from "./preferences.ts";
import { ResponseWriter } from "./response-writer.ts";

/** The response types of a group. The first one is the default. */
export const RESPONSE_TYPES = [
  "application/json",
  "application/zip",
  "multipart/mixed",
  EVENT_STREAM,
] as const;

/** The parts of a group response. */
export interface GroupResponseOptions {
  readonly group: Group;
  readonly presentation: Presentation;
  readonly type: (typeof RESPONSE_TYPES)[number];
  /** What the request holds until the response has been read. */
  readonly memory: HeldMemory;
}

/** Computes a group, or finds it in the store, and responds in the requested type. */
export async function respondWithGroup(
  service: Service,
  c: Context<Env>,
  { group, presentation, type, memory }: GroupResponseOptions,
): Promise<Response> {
  const requestContext = c.get("requestContext");
  const reader = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, reader.signal]);
  const isOfFiles = type === "application/zip" || type === "multipart/mixed";
  const withRecords = isOfFiles || presentation.isInline;
  const { responsePixels } = service.host.limits;
  if (withRecords) checkRendering(group, presentation.main, responsePixels);
  const models = await service.host.models();
  const { wait } = preferencesOf(c.req.header("prefer"));
  const seconds = Math.min(service.host.limits.seconds, wait ?? Number.POSITIVE_INFINITY);
  const deadline = Date.now() + seconds * 1000;
  const caller = service.callerOf(c.req.raw, requestContext);
  const isBackground = isInBackground(c.req.header("priority"));
  const rest = { signal, caller, withRecords, deadline, isBackground };
  const context = service.runContext(requestContext, models, rest);
  const steps = readAhead(recordBackend(runGroup(group, context), requestContext));
  const files = {
    ...service.fileContext(requestContext, { caller, signal }),
    files: group.files,
    budget: new RenderingBudget(responsePixels),
  };
  const buffer = service.sendBuffers.open({ caller, signal });
  const parts = { group, presentation, files, buffer };
  const writer = new ResponseWriter(service, requestContext, parts);
  const headers = { "content-location": groupPath(group.id), vary: "accept" };
  const send = (body: AsyncIterable<Uint8Array>, contentType: string) => {
    const stream = bytesStream(body, reader, {
      onPull() {
        buffer.renew();
        memory.renew();
      },
      onEnd(error) {
        buffer.close();
        memory.release();
        if (error !== undefined) writer.logFailure(error);
      },
    });
    const streamed = { "content-type": contentType, "cache-control": "no-store" };
    return new Response(stream, { headers: { ...headers, ...streamed } });
  };
  if (type === "application/json") {
    const body = await timed(requestContext, "group", () => writer.json(steps)).catch((error) => {
      buffer.close();
      reader.abort(error);
      throw error;
    });
    if (!presentation.isInline) {
      memory.release();
      return c.json(body, 200, headers);
    }
    return send(encoded(JSON.stringify(body)), type);
  }
  // Until the first bytes are sent, a failure can still set the status.
  const isEnough = (step: Step) =>
    isOfFiles ? step.type === "mask" || step.type === "done" : step.type !== "backend";
  const started = await timed(requestContext, "group", () => prefetch(steps, isEnough));
  const streamed = streamOf(writer, type, started, c.req.header("last-event-id"));
  return send(streamed.body, streamed.type);
}

async function* encoded(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

function streamOf(
  writer: ResponseWriter,
  type: Exclude<GroupResponseOptions["type"], "application/json">,
  steps: AsyncIterable<Step>,
  lastEventId: string | undefined,
): { body: AsyncIterable<Uint8Array>; type: string } {
  if (type === EVENT_STREAM) {
    const events = writer.events(steps, lastEventId);
    return { body: encodeEvents(events), type: `${type}; charset=utf-8` };
  }
  if (type === "application/zip") {
    return { body: makeZip(writer.archive(steps)) as AsyncIterable<Uint8Array>, type };
  }
  const boundary = `cosal-${crypto.randomUUID()}`;
  const body = encodeParts(writer.parts(steps), boundary);
  return { body, type: `${type}; boundary=${boundary}` };
}

/** Sets the fields of the request context that the headers and the log show. */
async function* recordBackend(
  steps: AsyncIterable<Step>,
  requestContext: RequestContext,
): AsyncGenerator<Step> {
  for await (const step of steps) {
    if (step.type === "backend") {
      requestContext.backend = { name: step.name, reason: step.reason };
      requestContext.cache = step.cache;
    }
    yield step;
  }
}
