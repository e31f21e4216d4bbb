import { AsyncLocalStorage } from "node:async_hooks";
import { networkOf, type Requester } from "../../app/index.ts";
import { addressOf } from "./caller-address.ts";
import type { Fetch } from "./listener.ts";

const storage = new AsyncLocalStorage<Requester>();

/** The caller of the current request. Undefined outside of a request, as in a job. */
export function currentRequest(): Requester | undefined {
  return storage.getStore();
}

/** Runs `fetch` with the caller as context. */
export function forRequester(fetch: Fetch): Fetch {
  return (request) => {
    const requester = { caller: networkOf(addressOf(request)), signal: request.signal };
    return storage.run(requester, () => fetch(request));
  };
}
