/** Bytes as they are made. The reader's leaving aborts the signal that the work runs under. */
export function bytesStream(
  chunks: AsyncIterable<Uint8Array>,
  reader: AbortController,
  onEnd: (error?: unknown) => void = () => {},
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      // Pushed, not pulled: a slow reader does not hold up a network that others wait for.
      pump(chunks, controller, reader, onEnd);
    },
    cancel(reason) {
      reader.abort(reason);
    },
  });
}

async function pump(
  chunks: AsyncIterable<Uint8Array>,
  controller: ReadableStreamDefaultController<Uint8Array>,
  reader: AbortController,
  onEnd: (error?: unknown) => void,
): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (reader.signal.aborted) return;
      controller.enqueue(chunk);
    }
    if (!reader.signal.aborted) controller.close();
    onEnd();
  } catch (error) {
    if (!reader.signal.aborted) controller.error(error);
    onEnd(error);
  }
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
