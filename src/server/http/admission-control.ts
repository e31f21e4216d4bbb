import { networkOf, problemOf } from "../../app/index.ts";
import type { CosalError } from "../../errors.ts";
import type { Admission, Admitted } from "./admission.ts";
import { addressOf, noteAddress } from "./caller-address.ts";
import type { Fetch } from "./listener.ts";
import { tapped } from "./tapped.ts";

/**
 * Lets requests with a body in as far as there is room for them. The room is given back when the
 * response has been sent, or its reader has disconnected. Who is refused is answered before the body
 * is read, or in the middle of it: `LingeringResponse` sees to it that the answer arrives.
 *
 * @param largest bytes of a body that does not say how long it is
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

/** The same request, whose body counts as it is read. */
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
