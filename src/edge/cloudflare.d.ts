// Declares what this folder uses of the runtime's module. The declarations of
// `@cloudflare/workers-types` come with globals that clash with those of the other hosts.
declare module "cloudflare:workers" {
  import type { CloudflareWorkersModule, DurableObjectState } from "@cloudflare/workers-types";

  export abstract class DurableObject<Env = unknown> {
    protected readonly ctx: DurableObjectState;
    protected readonly env: Env;
    constructor(ctx: DurableObjectState, env: Env);
  }

  export type WorkflowEvent<Params> = CloudflareWorkersModule.WorkflowEvent<Params>;
  export type WorkflowStep = CloudflareWorkersModule.WorkflowStep;

  export abstract class WorkflowEntrypoint<Env = unknown, Params = unknown> {
    protected readonly env: Env;
    abstract run(event: Readonly<WorkflowEvent<Params>>, step: WorkflowStep): Promise<unknown>;
  }

  /** Keeps work of the current request going after its response. */
  export function waitUntil(promise: Promise<unknown>): void;
}
