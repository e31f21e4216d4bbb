import { exports } from "cloudflare:workers";
import { beforeAll } from "vitest";
import bowls from "../../examples/raccoons/at-two-bowls.jpg";
import bin from "../../examples/raccoons/on-a-bin.jpg";
import type { Env } from "../../src/edge/env.ts";
import worker from "../../src/edge/worker.ts";
import { type FormFile, form } from "../forms.ts";
import { DescribedClient } from "../openapi.ts";
import { fresh } from "../photographs.ts";

const client = new DescribedClient((path, init) =>
  exports.default.fetch(`https://cosal.test${path}`, init),
);

/**
 * A request to the Worker of wrangler.toml, with its real bindings. The response is held against the
 * Worker's own description.
 */
export function request(path: string, init?: RequestInit): Promise<Response> {
  return client.request(path, init);
}

export function post(files: readonly FormFile[], query = "", headers = {}): Promise<Response> {
  return request(`/v1/groups${query}`, { method: "POST", body: form(files), headers });
}

/** The Worker with other bindings and settings than those of wrangler.toml. */
export function workerWith(bindings: Env): typeof request {
  return async (path, init) =>
    worker.fetch(new Request(`https://cosal.test${path}`, init), bindings);
}

/** A group of two that no store has seen, whose masks are always the same. */
export function newGroup(): FormFile[] {
  const tail = crypto.randomUUID();
  return [
    ["bin.jpg", fresh(bin, tail)],
    ["bowls.jpg", fresh(bowls, tail)],
  ];
}

/**
 * Loads the Worker before the tests of a suite, which calls this once. The first request reads its
 * modules, onnxruntime's 14 MB among them: this takes seconds, or minutes on a busy machine.
 */
export function loadWorker(load: () => Promise<unknown> = () => request("/healthz")): void {
  beforeAll(async () => {
    await load();
  }, 300_000);
}
