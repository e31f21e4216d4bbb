import { problemOf } from "../../app/index.ts";
import type { CosalError } from "../../errors.ts";
import type { Admission } from "./admission.ts";
import type { Fetch } from "./listener.ts";

/**
 * Requests with a body, in as far as there is room for them. The room is given back when the answer
 * has been sent, or its reader has left. Who is refused is answered before the body is read; Node
 * throws away what still comes of it, since a caller whose connection were closed while it sends
 * would see a broken pipe in the place of the answer.
 *
 * @param largest bytes of a body that does not say how long it is
 */
export function limitAdmission(fetch: Fetch, admission: Admission, largest: number): Fetch {
  return async function limitedFetch(request) {
    if (request.method !== "POST" && request.method !== "PUT") return fetch(request);
    const announced = request.headers.get("content-length");
    let leave: () => void;
    try {
      leave = admission.enter(announced === null ? largest : Math.min(Number(announced), largest));
    } catch (error) {
      return refusal(error as CosalError, request);
    }
    try {
      const response = await fetch(request);
      if (response.body === null) {
        leave();
        return response;
      }
      return new Response(onStreamEnd(response.body, leave), response);
    } catch (error) {
      leave();
      throw error;
    }
  };
}

/** The same stream; `onEnd` when it has been read to its end, or nobody reads it any more. */
function onStreamEnd(
  body: ReadableStream<Uint8Array>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        onEnd();
        controller.close();
      } catch (error) {
        onEnd();
        controller.error(error);
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  });
}

function refusal(error: CosalError, request: Request): Response {
  const id = request.headers.get("x-request-id") ?? crypto.randomUUID();
  const problem = problemOf(error, id);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "retry-after": String(error.retryAfter),
      "x-request-id": id,
    },
  });
}
