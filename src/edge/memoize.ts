/**
 * Loads a value when it is first asked for, and keeps it. What is kept is the value, never the
 * promise: the promise of a request that the runtime dropped is never settled, and a failed load is
 * tried again by the next. Of two that load at the same time both get the one that came first.
 */
export function memoize<T extends object>(load: () => Promise<T>): () => Promise<T> {
  let value: T | undefined;
  return async function loaded() {
    if (value !== undefined) return value;
    const own = await load();
    value ??= own;
    return value;
  };
}
