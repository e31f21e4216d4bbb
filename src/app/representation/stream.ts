import { Channel } from "../compute/channel.ts";
import { SEND_TIMEOUT } from "../limits.ts";

/** Maximum bytes of one chunk. */
const PIECE = 256 * 1024;

export interface StreamEvents {
  /** Called when the reader wants more. */
  readonly onPull?: () => void;
  /** Called at the end: everything is read, the source has failed, or the reader has disconnected. */
  readonly onEnd?: (error?: unknown) => void;
}

/**
 * A stream of chunks of at most 256 KiB, produced on demand. A reader that reads nothing for a minute
 * times out. The signal of `reader` aborts when the stream ends for any reason.
 */
export function bytesStream(
  chunks: AsyncIterable<Uint8Array>,
  reader: AbortController,
  { onPull, onEnd }: StreamEvents = {},
): ReadableStream<Uint8Array> {
  const source = pieces(chunks);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function end(failure?: { readonly error: unknown }): void {
    clearTimeout(timer);
    reader.abort(failure?.error);
    onEnd?.(failure?.error);
  }

  function cancel(reason: unknown): void {
    clearTimeout(timer);
    if (reader.signal.aborted) return;
    reader.abort(reason);
    // Not awaited, since the source may be waiting for something else.
    source.return().catch(() => {});
    onEnd?.();
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(timer);
        onPull?.();
        try {
          const { done, value } = await source.next();
          if (reader.signal.aborted) return;
          if (done) {
            controller.close();
            return end();
          }
          controller.enqueue(value);
          timer = setTimeout(() => {
            const error = new Error(`the reader has read nothing for ${SEND_TIMEOUT} ms`);
            controller.error(error);
            cancel(error);
          }, SEND_TIMEOUT);
        } catch (error) {
          if (reader.signal.aborted) return;
          controller.error(error);
          end({ error });
        }
      },
      cancel,
    },
    // Produces nothing before the reader asks for it.
    { highWaterMark: 0 },
  );
}

async function* pieces(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) yield chunk.subarray(at, at + PIECE);
  }
}

/**
 * Yields the same items, but reads the source without waiting for the reader. So a slow reader does
 * not delay work that others wait for. Unread items are kept in memory, so they must be small.
 */
export function readAhead<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const channel = new Channel<T>();
  async function read(): Promise<void> {
    try {
      for await (const item of source) channel.push(item);
      channel.end();
    } catch (error) {
      channel.end({ error });
    }
  }
  void read();
  return channel;
}

/**
 * Starts an iteration and reads items until `isEnough` returns true, or to the end. Errors up to there
 * are thrown here, where they can still set the status. The result yields all items from the first.
 */
export async function prefetch<T>(
  source: AsyncIterable<T>,
  isEnough: (item: T) => boolean,
): Promise<AsyncIterable<T>> {
  const iterator = source[Symbol.asyncIterator]();
  const first: T[] = [];
  for (;;) {
    const next = await iterator.next();
    if (next.done) break;
    first.push(next.value);
    if (isEnough(next.value)) break;
  }
  return (async function* resumed() {
    try {
      yield* first;
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  })();
}
