/**
 * Loads a value on the first call and keeps it. The value is kept and never the promise: a promise
 * of a request that the runtime dropped never settles. After a failed load, the next call loads
 * again. If two calls load at the same time, both return the value that arrived first.
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
