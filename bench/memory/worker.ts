// The Worker under measurement, unchanged, behind an instrument: every WebAssembly memory of the
// isolate is known, and `/heaps` tells their
// sizes (`/heaps?collect` after a collection of garbage).

import worker from "../../src/edge/worker.ts";
import { wasmHeaps } from "./instrument.ts";

export { FlightObject, JobObject, RateObject } from "../../src/edge/worker.ts";

declare const gc: () => void;

type Fetch = typeof worker.fetch;

export default {
  ...worker,
  fetch(...[request, env, context]: Parameters<Fetch>): ReturnType<Fetch> {
    const { pathname, search } = new URL(request.url);
    if (pathname !== "/heaps") return worker.fetch(request, env, context);
    if (search === "?collect") {
      gc();
      gc(); // the buffers that the first found dead are counted until the next
    }
    return Response.json(wasmHeaps());
  },
};
