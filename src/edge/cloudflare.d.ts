// What the edge uses of the runtime's own module. The package's declarations of it come with globals
// that clash with those of the other hosts.
declare module "cloudflare:workers" {
  import type { DurableObjectState } from "@cloudflare/workers-types";

  export abstract class DurableObject<Env = unknown> {
    protected readonly ctx: DurableObjectState;
    protected readonly env: Env;
    constructor(ctx: DurableObjectState, env: Env);
  }

  /** Keeps the current request's work going after its answer. */
  export function waitUntil(promise: Promise<unknown>): void;
}
