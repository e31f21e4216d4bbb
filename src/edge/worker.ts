import { createApp } from "../app/index.ts";
import { workerdDecoder } from "../codec/workerd.ts";
import { createSegmenter } from "../engine/index.ts";
import { workerdRuntime } from "../engine/runtime/workerd.ts";
import { type Assets, modelFiles } from "./assets.ts";
import { CacheStore } from "./cache-store.ts";
import { once } from "./once.ts";
import { createTurns } from "./turns.ts";

export { RateObject } from "./access/rate-object.ts";
export { FlightObject } from "./flights/flight-object.ts";
export { JobObject } from "./jobs/job-object.ts";

/** The bindings of wrangler.toml. */
interface Env {
  readonly ASSETS: Assets;
}

const MODEL = "cosal-lite";

let app: ReturnType<typeof createApp> | undefined;

/** The Worker: everything is computed in the isolate that the request reaches. */
export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    app ??= appOf(env);
    return app.fetch(request, env);
  },
};

function appOf({ ASSETS }: Env): ReturnType<typeof createApp> {
  const segmenter = once(() =>
    createSegmenter({
      model: modelFiles(ASSETS, MODEL),
      runtime: workerdRuntime(),
      decoder: workerdDecoder(),
    }),
  );
  return createApp({
    segmenter,
    store: new CacheStore(caches),
    backend: "wasm",
    exclusive: createTurns(),
  });
}
