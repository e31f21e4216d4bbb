import { networkOf, problemOf } from "../../app/index.ts";
import type { CosalError } from "../../errors.ts";
import type { Admission, Admitted } from "./admission.ts";
import { addressOf, noteAddress } from "./caller-address.ts";
import type { Fetch } from "./listener.ts";
import { tapped } from "./tapped.ts";

/**
 * Admits requests with a body as long as there is room. The room is released when the response has been
 * sent or its reader has disconnected. A request is refused before its body is read or while it is read.
 * `LingeringResponse` makes sure that the response arrives.
 *
 * @param largest assumed bytes of a body without a `Content-Length`
 */
export function limitAdmission(fetch: Fetch, admission: Admission, largest: number): Fetch {
  return async function limitedFetch(request) {
    if (request.method !== "POST" && request.method !== "PUT") return fetch(request);
    const announced = request.headers.get("content-length");
    const length = announced === null ? largest : Math.min(Number(announced), largest);
    let admitted: Admitted;
    try {
      admitted = admission.enter(networkOf(addressOf(request)), length);
    } catch (error) {
      return refusal(error as CosalError, request);
    }
    const { leave } = admitted;
    try {
      const response = await fetch(counted(request, admitted));
      if (response.body === null) {
        leave();
        return response;
      }
      return new Response(tapped(response.body, { onEnd: leave }), response);
    } catch (error) {
      leave();
      throw error;
    }
  };
}

/** The same request. Its body is counted as it is read. */
function counted(request: Request, { receive }: Admitted): Request {
  if (request.body === null) return request;
  const body = tapped(request.body, { onChunk: ({ length }) => receive(length) });
  const own = new Request(request, { body, duplex: "half" } as RequestInit);
  noteAddress(own, addressOf(request));
  return own;
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
