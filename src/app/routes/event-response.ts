import type { Context } from "hono";
import { CosalError } from "../../errors.ts";
import type { Env } from "../context/request-context.ts";
import { EVENT_STREAM, encodeEvents, type ServerSentEvent } from "../representation/sse.ts";
import { bytesStream } from "../representation/stream.ts";

export const EVENTS = {
  description: "Events.",
  content: { [EVENT_STREAM]: { schema: { type: "string" } } },
} as const;

/**
 * Responds with events for as long as the client reads them.
 *
 * @param open gives the events after a number, until the signal aborts
 * @throws CosalError option_invalid
 */
export async function eventResponse(
  c: Context<Env>,
  open: (after: number, signal: AbortSignal) => Promise<AsyncIterable<ServerSentEvent>>,
): Promise<Response> {
  const reader = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, reader.signal]);
  const events = await open(lastEventIdOf(c), signal);
  return new Response(bytesStream(encodeEvents(events), reader), {
    headers: { "content-type": `${EVENT_STREAM}; charset=utf-8`, "cache-control": "no-store" },
  });
}

/** @throws CosalError option_invalid */
function lastEventIdOf(c: Context<Env>): number {
  const last = c.req.header("last-event-id") ?? "0";
  if (/^\d{1,15}$/.test(last)) return Number(last);
  throw new CosalError("option_invalid", "Expected Last-Event-ID to be the number of an event.");
}
