/** One server-sent event (HTML standard, 9.2). */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string | number;
}

export const EVENT_STREAM = "text/event-stream";

/** Interval of comments in an idle stream, in milliseconds. Proxies close idle streams. */
const KEEP_ALIVE_INTERVAL = 15_000;

function encodeEvent({ event, data, id }: ServerSentEvent): string {
  const name = id === undefined ? "" : `id: ${id}\n`;
  return `event: ${event}\n${name}data: ${JSON.stringify(data)}\n\n`;
}

/** Writes events as bytes, with comments while the stream is idle. */
export async function* encodeEvents(
  events: AsyncIterable<ServerSentEvent>,
  keepAliveInterval = KEEP_ALIVE_INTERVAL,
): AsyncGenerator<Uint8Array> {
  const text = new TextEncoder();
  const iterator = events[Symbol.asyncIterator]();
  try {
    let next = pending(iterator);
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), keepAliveInterval);
      });
      const item = await Promise.race([next, silence]).finally(() => clearTimeout(timer));
      if (item === undefined) yield text.encode(": still here\n\n");
      else if (item.done) return;
      else {
        yield text.encode(encodeEvent(item.value));
        next = pending(iterator);
      }
    }
  } finally {
    await iterator.return?.();
  }
}

/** Ignores a rejection after the reader has disconnected. */
function pending<T>(iterator: AsyncIterator<T>): Promise<IteratorResult<T>> {
  const next = iterator.next();
  next.catch(() => {});
  return next;
}
