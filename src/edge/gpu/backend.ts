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

/** What a platform has to know about streams that are too large to be held. */
export interface Transport {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** SHA-256 and length in bytes. */
  measure(pieces: Pieces): Promise<{ readonly sha256: ArrayBuffer; readonly length: number }>;
  /** A body of known length. What `pieces` throws makes the request fail. */
  body(pieces: Pieces, length: number): BodyInit;
}

export interface GpuAddress {
  /** As told to callers. */
  readonly name: string;
  /** Without a path. */
  readonly url: string;
}

/** A GPU server behind this Worker. */
export interface GpuBackend extends GpuAddress {
  /**
   * Sends the group, signed, and reads the masks.
   *
   * @throws BackendFailure; CosalError for a fault of the photographs, or deadline_exceeded
   */
  compute(job: ComputeJob, context: ComputeContext): AsyncIterable<ComputeEvent>;
  /**
   * Has a tenant's group or photograph removed there too.
   *
   * @param path e.g. `/v1/images/<sha256>`
   * @throws Error when it cannot be reached, or did not do it
   */
  forget(tenant: string, path: string): Promise<void>;
  /** Whether it says that it is ready. */
  isReady(signal: AbortSignal): Promise<boolean>;
  /** What it says that it decodes; undefined when it does not answer. */
  limits(signal: AbortSignal): Promise<ServerLimits | undefined>;
}

/** Milliseconds without a byte after which a backend counts as hanging. */
export const IDLE_TIMEOUT = 20_000;

/** Milliseconds for an answer about readiness, and for one to a removal. */
const READY_TIMEOUT = 2_000;
const REMOVAL_TIMEOUT = 5_000;

export interface GpuBackendOptions {
  /** What it shares with this Worker. */
  readonly secret: string;
  readonly transport: Transport;
  /** Milliseconds without a byte after which it counts as hanging. */
  readonly idleTimeout: number;
  /** Seconds that it may keep what it makes of a request. */
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
      // RFC 7240, 4.3: what is left of the deadline.
      prefer: `wait=${Math.max(1, Math.floor((context.deadline - Date.now()) / 1000))}`,
      "x-request-id": context.request,
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
      // 404: it had nothing.
      if (response.ok || response.status === 404) return;
      throw new BackendFailure("failed", `answered ${response.status}`);
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

/** Ends a request whose backend is silent or late, and tells the two from a caller who hung up. */
class Watchdog {
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #idleTimeout: number;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** What the request failed of, when this ended it. */
  verdict: BackendFailure | undefined;

  constructor(signal: AbortSignal, deadline: number, idleTimeout: number) {
    this.signal = AbortSignal.any([signal, this.#own.signal]);
    this.#idleTimeout = idleTimeout;
    this.#deadline = setTimeout(
      () => this.#end("took too long"),
      Math.max(0, deadline - Date.now()),
    );
  }

  /** Waits for something that must not take longer than the idle timeout. */
  async orTimeout<T>(promise: Promise<T>): Promise<T> {
    this.#idle = setTimeout(
      () => this.#end(`was silent for ${this.#idleTimeout} ms`),
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
    // Whatever is still open is of no use: an answer that was cut short, a body half sent.
    this.#own.abort(new Error("over"));
  }

  #end(what: string): void {
    this.verdict ??= new BackendFailure("failed", what);
    this.#own.abort(this.verdict);
  }
}

/** The same response, whose body is read under a watchdog. */
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
