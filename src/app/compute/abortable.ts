/**
 * Yields the values of a source until the signal aborts. Then it throws the signal's reason, even if
 * the source ignores the signal.
 */
export async function* abortable<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  let isDone = false;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      if (next.done) {
        isDone = true;
        return;
      }
      yield next.value;
    }
  } catch (error) {
    isDone = !signal.aborted;
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited, since a source that hangs would block its consumer.
    if (!isDone) iterator.return?.()?.catch(() => {});
  }
}
