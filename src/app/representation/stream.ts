import { Channel } from "../compute/channel.ts";
import { SEND_TIMEOUT } from "../limits.ts";

/** Bytes that are handed over at once. */
const PIECE = 256 * 1024;

export interface StreamEvents {
  /** The reader has taken what there was, and wants more. */
  readonly onPull?: () => void;
  /** Everything has been taken, making it has failed, or nobody reads it any more. */
  readonly onEnd?: (error?: unknown) => void;
}

/**
 * Bytes in pieces of at most 256 KiB, made when the reader has taken those before. A reader that
 * takes nothing for a minute is cut off. `reader` is what the work runs under: it aborts at the end,
 * whatever that is.
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
    // Not awaited: it ends when what it waits for does.
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
            const error = new Error(`the reader has taken nothing for ${SEND_TIMEOUT} ms`);
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
    // Nothing is made ahead of a reader.
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
 * The same items, taken from the source as soon as they are there: a slow reader holds up nothing
 * that others wait for. What it has not read is kept, so items must be small.
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
 * Begins an iteration: what is thrown before `isEnough` says so (or before the end) is thrown here,
 * where it can still become a status. The result goes through everything, from the first on.
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
