import { contentDigest, sign } from "../../app/access/request-signature.ts";
import { signedTenant } from "../../app/access/signed-tenant.ts";
import type { ComputeContext, ComputeEvent, ComputeJob } from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { BackendFailure } from "./backend-failure.ts";
import { errorFromResponse } from "./error-response.ts";
import { type GroupForm, groupForm, type Piece } from "./group-form.ts";
import { readResponse } from "./response.ts";
import { type ServerLimits, serverLimits } from "./server-limits.ts";

type Pieces = AsyncIterable<Piece>;

/** How a platform sends bodies that are too large for its memory. */
export interface Transport {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** SHA-256 and length in bytes. */
  measure(pieces: Pieces): Promise<{ readonly sha256: ArrayBuffer; readonly length: number }>;
  /** A body of known length in bytes. If `pieces` throws, the request fails. */
  body(pieces: Pieces, length: number): BodyInit;
}

export interface GpuAddress {
  /** Shown to callers. */
  readonly name: string;
  /** Without a path. */
  readonly url: string;
}

/** A GPU server behind this Worker. */
export interface GpuBackend extends GpuAddress {
  /**
   * Sends the group in a signed request and reads the masks.
   *
   * @throws BackendFailure when the backend is at fault
   * @throws CosalError when the photographs are at fault, or deadline_exceeded
   */
  compute(job: ComputeJob, context: ComputeContext): AsyncIterable<ComputeEvent>;
  /**
   * Deletes a tenant's group or photograph on the server.
   *
   * @param path e.g. `/v1/images/<sha256>`
   * @throws Error when the server cannot be reached or responds with an error
   */
  forget(tenant: string, path: string): Promise<void>;
  /** Whether `GET /readyz` succeeds. */
  isReady(signal: AbortSignal): Promise<boolean>;
  /** Reads what the server decodes. Undefined when it does not respond. */
  limits(signal: AbortSignal): Promise<ServerLimits | undefined>;
}

/** Milliseconds without a byte after which a request to a backend times out. */
export const IDLE_TIMEOUT = 20_000;

/** Milliseconds for a readiness check, and for a deletion. */
const READY_TIMEOUT = 2_000;
const REMOVAL_TIMEOUT = 5_000;

export interface GpuBackendOptions {
  /** The secret that the server shares with this Worker. */
  readonly secret: string;
  readonly transport: Transport;
  /** Milliseconds without a byte after which a request times out. */
  readonly idleTimeout: number;
  /** How long the server may keep results of a request, in seconds. */
  readonly keep: number;
}

function targetOf({ consensus }: ComputeJob): string {
  const path = consensus === undefined ? "/v1/groups" : `/v1/groups/${consensus.of}/images`;
  return `${path}?output=logits`;
}

export function gpuBackend(
  address: GpuAddress,
  { secret, transport, idleTimeout, keep }: GpuBackendOptions,
): GpuBackend {
  const { fetch } = transport;

  async function* compute(job: ComputeJob, context: ComputeContext): AsyncGenerator<ComputeEvent> {
    const form = groupForm(job);
    const target = targetOf(job);
    const { sha256, length } = await transport.measure(form.pieces());
    const watchdog = new Watchdog(context.signal, context.deadline, idleTimeout);
    try {
      const body = transport.body(form.pieces(), length);
      const response = await watchdog.orTimeout(
        fetch(address.url + target, {
          method: "POST",
          redirect: "manual",
          signal: watchdog.signal,
          headers: await headersOf(job.tenant, target, form, sha256, context),
          body,
        }),
      );
      if (response.status !== 200) throw await watchdog.orTimeout(errorFromResponse(response, job));
      for await (const event of readResponse(withWatchdog(response, watchdog), job)) {
        yield event;
      }
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof BackendFailure && watchdog.verdict === undefined) throw error;
      if (error instanceof CosalError) throw error;
      throw watchdog.verdict ?? new BackendFailure("failed", "cannot be reached", { cause: error });
    } finally {
      watchdog.stop();
    }
  }

  async function headersOf(
    tenant: string,
    target: string,
    form: GroupForm,
    sha256: ArrayBuffer,
    context: ComputeContext,
  ) {
    const digest = `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(sha256)))}:`;
    return {
      ...(await signed("POST", target, digest, tenant)),
      accept: "multipart/mixed",
      "content-type": form.contentType,
      // RFC 7240, 4.3: the seconds until the deadline.
      prefer: `wait=${Math.max(1, Math.floor((context.deadline - Date.now()) / 1000))}`,
      "x-request-id": context.request,
      // RFC 9218: nobody waits for it.
      ...(context.isBackground && { priority: "u=7" }),
      ...(context.traceparent && { traceparent: context.traceparent }),
    };
  }

  async function signed(method: string, target: string, digest: string, tenant: string) {
    const parts = { method, target, digest, tenant: await signedTenant(tenant, secret, keep) };
    return sign(parts, secret, Date.now());
  }

  return {
    ...address,
    compute,
    async forget(tenant, path) {
      const response = await fetch(address.url + path, {
        method: "DELETE",
        redirect: "manual",
        headers: await signed("DELETE", path, await contentDigest(new Uint8Array()), tenant),
        signal: AbortSignal.timeout(REMOVAL_TIMEOUT),
      });
      await response.body?.cancel();
      // 404: the server had nothing to delete.
      if (response.ok || response.status === 404) return;
      throw new BackendFailure("failed", `responded with ${response.status}`);
    },
    limits: serverLimits(async (signal) => {
      const target = "/v1/limits";
      const digest = await contentDigest(new Uint8Array());
      const headers = await signed("GET", target, digest, "");
      return fetch(address.url + target, { redirect: "manual", headers, signal });
    }),
    async isReady(signal) {
      try {
        const response = await fetch(`${address.url}/readyz`, {
          redirect: "manual",
          signal: AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT)]),
        });
        await response.body?.cancel();
        return response.ok;
      } catch {
        return false;
      }
    },
  };
}

/**
 * Aborts a request when its backend is idle for too long or misses the deadline. `verdict`
 * distinguishes these two from a client that disconnects.
 */
class Watchdog {
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #idleTimeout: number;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** Why the watchdog aborted the request, if it did. */
  verdict: BackendFailure | undefined;

  constructor(signal: AbortSignal, deadline: number, idleTimeout: number) {
    this.signal = AbortSignal.any([signal, this.#own.signal]);
    this.#idleTimeout = idleTimeout;
    this.#deadline = setTimeout(
      () => this.#end("took too long"),
      Math.max(0, deadline - Date.now()),
    );
  }

  /** Settles with `promise`, or rejects after the idle timeout. */
  async orTimeout<T>(promise: Promise<T>): Promise<T> {
    this.#idle = setTimeout(
      () => this.#end(`sent nothing for ${this.#idleTimeout} ms`),
      this.#idleTimeout,
    );
    const ended = Promise.withResolvers<never>();
    const abort = () => ended.reject(this.signal.reason);
    this.signal.addEventListener("abort", abort, { once: true });
    if (this.signal.aborted) abort();
    try {
      return await Promise.race([promise, ended.promise]);
    } finally {
      clearTimeout(this.#idle);
      this.signal.removeEventListener("abort", abort);
    }
  }

  stop(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#idle);
    // Closes what is still open: an incomplete response, or a body that is partly sent.
    this.#own.abort(new Error("over"));
  }

  #end(what: string): void {
    this.verdict ??= new BackendFailure("failed", what);
    this.#own.abort(this.verdict);
  }
}

/** A copy of the response; the watchdog's timeouts apply to reads of its body. */
function withWatchdog(response: Response, watchdog: Watchdog): Response {
  const reader = response.body?.getReader();
  if (reader === undefined) return response;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await watchdog.orTimeout(reader.read());
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { headers: response.headers });
}
