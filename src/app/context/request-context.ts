import type { Stores, StoresOf } from "../../group/index.ts";
import { type Admittance, ANONYMOUS } from "../access/guard.ts";
import type { Principal } from "../access/types.ts";
import type { CacheState } from "../compute/run.ts";

/** One request and what has become known of it on its way. */
export class RequestContext {
  /** `X-Request-Id`: the caller's, or a new one. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly began = Date.now();
  /** W3C Trace Context, passed on as it came. */
  readonly traceparent: string | undefined;
  /** Milliseconds by stage, for `Server-Timing`. */
  timings: Map<string, number> | undefined;
  principal: Principal = ANONYMOUS;
  rate: Admittance["rate"];
  /** The route's pattern, for counting. */
  route = "";
  backend: { readonly name: string; readonly reason: string } | undefined;
  cache: CacheState | undefined;
  images = 0;
  /** The code of the problem that it ended in. */
  problem = "";
  /** Whether the answer has been made with `headers()`. */
  hasHeaders = false;
  readonly #storesOf: StoresOf;
  #stores: Stores | undefined;

  constructor(request: Request, storesOf: StoresOf) {
    const id = request.headers.get("x-request-id");
    const traceparent = request.headers.get("traceparent");
    this.id = id !== null && REQUEST_ID.test(id) ? id : crypto.randomUUID();
    this.traceparent =
      traceparent !== null && TRACEPARENT.test(traceparent) ? traceparent : undefined;
    this.#storesOf = storesOf;
  }

  /** Lets the request in, under the name of who sends it. */
  admit({ principal, rate }: Admittance): void {
    this.principal = principal;
    this.rate = rate;
  }

  /**
   * What every answer says of its request. A handler that makes its response with them spares that
   * they are added later, which costs a file from memory as much again as the rest.
   */
  headers(): Record<string, string> {
    this.hasHeaders = true;
    return {
      "x-request-id": this.id,
      "x-content-type-options": "nosniff",
      "server-timing": serverTiming(this),
      ...(this.traceparent !== undefined && { traceparent: this.traceparent }),
    };
  }

  get tenant(): string {
    return this.principal.tenant;
  }

  get stores(): Stores {
    this.#stores ??= this.#storesOf(this.tenant, this.principal.keep);
    return this.#stores;
  }
}

/** What handlers find in their context. */
export interface Env {
  Variables: { requestContext: RequestContext };
}

const REQUEST_ID = /^[\w=.-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs a stage and adds what it took. In a Worker time stands still while nothing is awaited. */
export async function timed<T>(
  requestContext: RequestContext,
  stage: string,
  work: () => Promise<T>,
): Promise<T> {
  const began = Date.now();
  try {
    return await work();
  } finally {
    requestContext.timings ??= new Map();
    const { timings } = requestContext;
    timings.set(stage, (timings.get(stage) ?? 0) + Date.now() - began);
  }
}

/** The `Server-Timing` header (W3C). */
function serverTiming({ began, timings }: RequestContext): string {
  const total = `total;dur=${Date.now() - began}`;
  if (timings === undefined) return total;
  const stages = Array.from(timings, ([stage, milliseconds]) => `${stage};dur=${milliseconds}`);
  return `${stages.join(", ")}, ${total}`;
}
