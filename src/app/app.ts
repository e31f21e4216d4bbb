import { type Context, type Handler, Hono } from "hono";
import { etag, RETAINED_304_HEADERS } from "hono/etag";
import { type RequestIdVariables, requestId } from "hono/request-id";
import { CosalError, ERROR_CODES, type ErrorCode } from "../errors.ts";
import { isDigest } from "../group/index.ts";
import { type Computing, computeGroup } from "./compute.ts";
import { eventsOf } from "./events.ts";
import { identify } from "./group.ts";
import { PROBLEMS, problemOf } from "./problems.ts";
import { groupBody, groupPath, storedGroupBody } from "./representation.ts";
import { eventStream } from "./stream.ts";
import { readUpload } from "./upload.ts";

/** What the app needs of its host. */
export type AppDependencies = Computing;

type Env = { Variables: RequestIdVariables };

/** A stored result never changes: its address is the hash of all that it depends on. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/**
 * The HTTP API, for any host that has `Request` and `Response`.
 *
 * @example
 * ```ts
 * const app = createApp({ segmenter, store, backend: "wasm", exclusive });
 * const response = await app.request("/v1/groups", { method: "POST", body: form });
 * ```
 */
export function createApp(dependencies: AppDependencies): Hono<Env> {
  const app = new Hono<Env>();
  app.use(requestId());
  app.use(
    "/v1/groups/:group/*",
    etag({
      generateDigest: (body) => crypto.subtle.digest("SHA-256", body),
      retainedHeaders: [...RETAINED_304_HEADERS, "x-request-id"],
    }),
  );

  resource(app, "/healthz", { GET: (c) => c.json({ status: "ok" }) });
  resource(app, "/problems/:code", { GET: describeProblem });
  resource(app, "/v1/groups", { POST: postGroup(dependencies) });
  resource(app, "/v1/groups/:group", { GET: getGroup(dependencies) });
  resource(app, "/v1/groups/:group/masks/:file", { GET: getMask(dependencies) });

  app.notFound((c) => {
    const message = `There is no ${c.req.path}. Photographs go to POST /v1/groups.`;
    return answerProblem(c, new CosalError("not_found", message));
  });
  app.onError((error, c) => answerProblem(c, error));
  return app;
}

function postGroup(dependencies: AppDependencies): Handler<Env> {
  return async function postGroup(c) {
    const withMasks = wantsMasks(c.req.queries());
    const images = await readUpload(c.req.raw);
    const group = await identify(images, await dependencies.segmenter());
    if (!accepts(c, "text/event-stream")) {
      const signal = c.req.raw.signal;
      const computed = await computeGroup(dependencies, group, { withMasks, signal });
      c.header("Content-Location", groupPath(group.id));
      return c.json(groupBody(computed, group.sent));
    }
    const response = await eventStream(
      async (send, signal) => {
        const events = eventsOf(group);
        const computed = await computeGroup(dependencies, group, {
          withMasks,
          signal,
          onEvent: (event) => events(event).forEach(send),
        });
        send({ event: "result", data: groupBody(computed, group.sent) });
      },
      (error) => ({ event: "error", data: report(c, error) }),
    );
    c.header("Content-Location", groupPath(group.id));
    return c.newResponse(response.body, response);
  };
}

function getGroup({ store }: AppDependencies): Handler<Env> {
  return async function getGroup(c) {
    const id = c.req.param("group") ?? "";
    const result = isDigest(id) ? await store.result(id) : undefined;
    if (result === undefined) throw notHere("group");
    c.header("Cache-Control", IMMUTABLE);
    return c.json(storedGroupBody(result));
  };
}

function getMask({ store }: AppDependencies): Handler<Env> {
  return async function getMask(c) {
    const group = c.req.param("group") ?? "";
    const image = /^(.*)\.png$/.exec(c.req.param("file") ?? "")?.[1] ?? "";
    const png = isDigest(group) && isDigest(image) ? await store.mask(group, image) : undefined;
    if (png === undefined) throw notHere("mask");
    c.header("Cache-Control", IMMUTABLE);
    c.header("Content-Type", "image/png");
    return c.body(png);
  };
}

const describeProblem: Handler<Env> = (c) => {
  const code = c.req.param("code") as ErrorCode;
  if (!ERROR_CODES.includes(code))
    throw new CosalError("not_found", `No problem is called ${code}.`);
  return c.json({ type: c.req.path, code, ...PROBLEMS[code] });
};

/** One path and what may be done there; every other method is answered 405 with `Allow`. */
function resource(app: Hono<Env>, path: string, methods: Record<string, Handler<Env>>): void {
  for (const [method, handler] of Object.entries(methods)) app.on(method, path, handler);
  const allowed = Object.keys(methods).flatMap((method) =>
    method === "GET" ? ["GET", "HEAD"] : method,
  );
  app.all(path, (c) => {
    c.header("Allow", allowed.join(", "));
    const message = `${c.req.method} is not allowed at ${c.req.path}, only ${allowed.join(", ")}.`;
    throw new CosalError("method_not_allowed", message);
  });
}

/** `?inline=masks`, the only query parameter there is. */
function wantsMasks(query: Record<string, string[]>): boolean {
  for (const [name, values] of Object.entries(query)) {
    if (name !== "inline") {
      throw new CosalError(
        "option_invalid",
        `Expected the query parameter inline but received ${name}.`,
      );
    }
    if (values.some((value) => value !== "masks")) {
      throw new CosalError(
        "option_invalid",
        `Expected inline=masks but received inline=${values.join()}.`,
      );
    }
  }
  return "inline" in query;
}

/** Whether the caller asks for a type by its name (wildcards get JSON). */
function accepts(c: Context, type: string): boolean {
  const ranges = (c.req.header("Accept") ?? "").toLowerCase().split(",");
  return ranges.some((range) => range.split(";")[0]!.trim() === type);
}

function notHere(what: "group" | "mask"): CosalError {
  const message = `This ${what} is not stored here, or no longer. Send its photographs to POST /v1/groups again.`;
  return new CosalError("not_found", message);
}

function answerProblem(c: Context<Env>, error: unknown): Response {
  const problem = report(c, error);
  c.header("Content-Type", "application/problem+json");
  c.header("Cache-Control", "no-store");
  return c.body(JSON.stringify(problem), PROBLEMS[problem.code].status);
}

/** The problem to show; what is our own fault is logged in full. */
function report(c: Context<Env>, error: unknown) {
  const problem = problemOf(error, c.get("requestId"));
  if (problem.status >= 500 && !c.req.raw.signal.aborted)
    console.error(`request ${problem.request}:`, error);
  return problem;
}
