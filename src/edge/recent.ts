/** Milliseconds between two checks for a value that another request is loading. */
const POLL_INTERVAL = 20;

/**
 * Caches a value and reloads it when it is older than `age` milliseconds. One request loads at a
 * time; others get the previous value, or wait for the first. As in `memoize`, the value is kept and
 * never the promise. A load that takes longer than `timeout` milliseconds counts as dropped with its
 * request, and another request loads.
 */
export function recent<T extends object>(
  load: () => Promise<T>,
  { age, timeout }: { readonly age: number; readonly timeout: number },
): () => Promise<T> {
  let value: T | undefined;
  let loaded = Number.NEGATIVE_INFINITY;
  let began = Number.NEGATIVE_INFINITY;
  return async function recentValue() {
    for (;;) {
      const now = Date.now();
      const isLoading = now - began < timeout;
      if (value !== undefined && (isLoading || now - loaded < age)) return value;
      if (!isLoading) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
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
