/** Milliseconds between two looks for a value that another request is loading. */
const PAUSE = 20;

/**
 * A value that is loaded anew when it is older than `age` milliseconds, by one request at a time. Who
 * comes meanwhile gets the last one, or waits for the first. As with `memoize`, what is kept is the
 * value, never the promise; a load that takes longer than `patience` milliseconds counts as dropped
 * with its request, and another begins.
 */
export function recent<T extends object>(
  load: () => Promise<T>,
  { age, patience }: { readonly age: number; readonly patience: number },
): () => Promise<T> {
  let value: T | undefined;
  let loaded = Number.NEGATIVE_INFINITY;
  let began = Number.NEGATIVE_INFINITY;
  return async function recentValue() {
    for (;;) {
      const now = Date.now();
      const isLoading = now - began < patience;
      if (value !== undefined && (isLoading || now - loaded < age)) return value;
      if (!isLoading) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    began = Date.now();
    try {
      value = await load();
      loaded = Date.now();
      return value;
    } finally {
      began = Number.NEGATIVE_INFINITY;
    }
  };
}
