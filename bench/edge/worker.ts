// The Worker under measurement, unchanged, with a bare Hono route beside it in the same isolate:
// `PUT /bare` keeps a body, `GET /bare` answers with it.
import { Hono } from "hono";
import type { Env } from "../../src/edge/env.ts";
import worker from "../../src/edge/worker.ts";

export * from "../../src/edge/worker.ts";

let kept = new Uint8Array();
let type = "";
const bare = new Hono()
  .put("/bare", async (c) => {
    kept = new Uint8Array(await c.req.arrayBuffer());
    type = c.req.header("content-type") ?? "";
    return c.body(null, 204);
  })
  .get("/bare", (c) => c.body(kept, 200, { "content-type": type }));

export default {
  fetch(request: Request, env: Env, context: Parameters<typeof worker.fetch>[2]) {
    if (request.url.endsWith("/bare")) return bare.fetch(request);
    return worker.fetch(request, env, context);
  },
  queue: worker.queue,
};
