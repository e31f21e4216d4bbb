import { encodeEvent, type GroupEvent } from "./events.ts";

/**
 * A `text/event-stream` response whose events `work` sends. The response begins with the first
 * event: what fails before it is thrown, so that it can still be answered with its own status; what
 * fails later becomes the event that `onError` makes of it. `signal` aborts when the reader leaves.
 */
export async function eventStream(
  work: (send: (event: GroupEvent) => void, signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => GroupEvent,
): Promise<Response> {
  const reader = new AbortController();
  const begun = Promise.withResolvers<void>();
  const text = new TextEncoder();
  let isBegun = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: GroupEvent) => {
        if (reader.signal.aborted) return;
        isBegun = true;
        begun.resolve();
        controller.enqueue(text.encode(encodeEvent(event)));
      };
      work(send, reader.signal)
        .catch((error) => {
          if (reader.signal.aborted) return;
          if (isBegun) send(onError(error));
          else begun.reject(error);
        })
        .finally(() => {
          begun.resolve();
          if (!reader.signal.aborted) controller.close();
        });
    },
    cancel(reason) {
      reader.abort(reason);
    },
  });
  await begun.promise;
  return new Response(body, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
  });
}
