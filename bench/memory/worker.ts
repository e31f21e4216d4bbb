// The Worker under measurement, unchanged, behind an instrument: every WebAssembly memory of the
// isolate is known, and `/heaps` tells their sizes (`/heaps?collect` after a collection of garbage).

import worker from "../../src/edge/worker.ts";
import { heapsResponse } from "./instrument.ts";

export * from "../../src/edge/worker.ts";

type Fetch = typeof worker.fetch;

export default {
  ...worker,
  fetch(...[request, env, context]: Parameters<Fetch>): ReturnType<Fetch> {
    const url = new URL(request.url);
    if (url.pathname !== "/heaps") return worker.fetch(request, env, context);
    return heapsResponse(url);
  },
};
