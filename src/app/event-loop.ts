/**
 * Yields the host's only thread to other work. Without this, long work blocks emitted events, other
 * requests, and the notice that the client has disconnected. With 0 instead of 1, workerd continues
 * before it has sent anything.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
