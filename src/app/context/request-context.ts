import type { Stores, StoresOf } from "../../group/index.ts";
import { type Admittance, ANONYMOUS } from "../access/guard.ts";
import type { Principal } from "../access/types.ts";
import type { CacheState } from "../compute/run.ts";

/** One HTTP request, with the facts that its handlers add. */
export class RequestContext {
  /** `X-Request-Id`: the caller's, or a new one. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly began = Date.now();
  /** W3C Trace Context, passed on unchanged. */
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
  /** The code of the problem in the response, or "". */
  problem = "";
  /** Whether the response was created with `headers()`. */
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

  /** Records the authenticated principal of the request. */
  admit({ principal, rate }: Admittance): void {
    this.principal = principal;
    this.rate = rate;
  }

  /**
   * The headers of every response. A handler that creates its response with them is faster: for a
   * file from memory, adding them later costs as much as all other work.
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

/** Variables in the context of handlers. */
export interface Env {
  Variables: { requestContext: RequestContext };
}

const REQUEST_ID = /^[\w=.-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs a stage and records its time. In a Worker, the clock advances only while awaiting. */
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
