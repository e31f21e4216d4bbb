import type { Log } from "../telemetry/types.ts";
import { type Lease, memorySingleFlight, type SingleFlight } from "./single-flight.ts";

/** A lease outside of this process, shared by all isolates or servers. */
export interface SharedLease {
  acquire(name: string): Promise<boolean>;
  renew(name: string): Promise<void>;
  release(name: string): Promise<void>;
  ended(): Promise<boolean>;
}

export interface SharedSingleFlightParts {
  readonly stubOf: (key: string) => SharedLease;
  /** Keeps a promise going after the response has been sent. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
  readonly log: Log;
  readonly local?: SingleFlight;
}

/** Milliseconds between two renewals of the lease. */
const RENEWAL_INTERVAL = 5_000;

/**
 * Single flight across all isolates or servers. A request first acquires the local lease, so that
 * equal groups in one process cost a single call, and then the shared one. If the shared lease cannot
 * be reached, each process computes the group once.
 */
export function sharedSingleFlight(parts: SharedSingleFlightParts): SingleFlight {
  const { stubOf, waitUntil, log, local = memorySingleFlight() } = parts;
  return {
    async acquire(key, signal) {
      const own = await local.acquire(key, signal);
      if (own === undefined) return undefined;
      // The local lease must not expire while this waits for the global one.
      const renewal = setInterval(() => own.renew(), RENEWAL_INTERVAL);
      try {
        const lease = await acquireGlobal(stubOf(key), signal, waitUntil);
        if (lease === undefined) own.release();
        return lease && both(own, lease);
      } catch (error) {
        if (signal.aborted) {
          own.release();
          throw signal.reason;
        }
        log({ level: "warn", event: "flight failed", error });
        return own;
      } finally {
        clearInterval(renewal);
      }
    },
  };
}

async function acquireGlobal(
  stub: SharedLease,
  signal: AbortSignal,
  waitUntil: SharedSingleFlightParts["waitUntil"],
): Promise<Lease | undefined> {
  const name = crypto.randomUUID();
  if (!(await stub.acquire(name))) {
    while (!(await orAborted(stub.ended(), signal))) signal.throwIfAborted();
    return undefined;
  }
  let renewed = Date.now();
  let isReleased = false;
  const inBackground = (call: Promise<void>) => waitUntil(call.catch(() => {}));
  const release = () => {
    signal.removeEventListener("abort", release);
    if (!isReleased) inBackground(stub.release(name));
    isReleased = true;
  };
  signal.addEventListener("abort", release, { once: true });
  if (signal.aborted) {
    release();
    throw signal.reason;
  }
  return {
    renew() {
      if (Date.now() - renewed < RENEWAL_INTERVAL) return;
      renewed = Date.now();
      inBackground(stub.renew(name));
    },
    release,
  };
}

function both(one: Lease, other: Lease): Lease {
  return {
    renew() {
      one.renew();
      other.renew();
    },
    release() {
      void other.release();
      void one.release();
    },
  };
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
  });
}
