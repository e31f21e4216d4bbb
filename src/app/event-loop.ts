/**
 * Gives the host's only thread to others for a moment. Without this, between two pieces of long work
 * nothing that was emitted would be sent, no other request would be served, and nobody would notice
 * that the caller has disconnected. With 0 instead of 1 workerd goes on before it has sent anything.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
