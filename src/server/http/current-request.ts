import { AsyncLocalStorage } from "node:async_hooks";
import { networkOf, type Requester } from "../../app/index.ts";
import { addressOf } from "./caller-address.ts";
import type { Fetch } from "./listener.ts";

const storage = new AsyncLocalStorage<Requester>();

/** Whose request is being answered; undefined outside of one, as in a job. */
export function currentRequest(): Requester | undefined {
  return storage.getStore();
}

/** Answers with `fetch`; what is done on the way is done for the caller, while they wait. */
export function forRequester(fetch: Fetch): Fetch {
  return (request) => {
    const requester = { caller: networkOf(addressOf(request)), signal: request.signal };
    return storage.run(requester, () => fetch(request));
  };
}
