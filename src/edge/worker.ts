import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import type { ExecutionContext, MessageBatch } from "@cloudflare/workers-types";
import { runBatch } from "./batches/batch-run.ts";
import type { BatchRound } from "./batches/instances.ts";
import type { Env } from "./env.ts";
import { createHost, type Host } from "./host.ts";
import { consume } from "./jobs/consumer.ts";
import type { JobMessage } from "./jobs/job-object.ts";

export { RateObject } from "./access/rate-object.ts";
export { BatchObject } from "./batches/batch-object.ts";
export { JobObject } from "./jobs/job-object.ts";
export { FlightObject } from "./single-flight/flight-object.ts";

/** Hosts by their bindings. All requests of an isolate have the same bindings. */
const hosts = new WeakMap<Env, Host>();

function hostOf(env: Env): Host {
  const known = hosts.get(env);
  if (known !== undefined) return known;
  const host = createHost(env);
  hosts.set(env, host);
  return host;
}

/** A run of a batch. Its steps go on after an isolate has ended. */
export class BatchWorkflow extends WorkflowEntrypoint<Env, BatchRound> {
  run(event: Readonly<WorkflowEvent<BatchRound>>, step: WorkflowStep): Promise<void> {
    return runBatch(event, step, hostOf(this.env).batchRun);
  }
}

/** The Worker: the HTTP API, and the consumer of the job queue. */
export default {
  fetch(request: Request, env: Env, context?: ExecutionContext): Response | Promise<Response> {
    return hostOf(env).app.fetch(request, env, context as never);
  },

  queue(batch: MessageBatch<JobMessage>, env: Env): Promise<void> {
    const { jobOf, runJob, log } = hostOf(env);
    return consume(batch, { stubOf: jobOf, run: runJob, log });
  },
};
