/**
 * What a source gives, until the signal aborts: then its reason is thrown, whether or not the source
 * takes notice of the signal.
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
    // Not awaited: a source that hangs would hold up its consumer after all.
    if (!isDone) iterator.return?.()?.catch(() => {});
  }
}
