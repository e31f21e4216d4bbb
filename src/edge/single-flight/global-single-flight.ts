import { type Lease, type Log, memorySingleFlight, type SingleFlight } from "../../app/index.ts";
import type { WaitUntil } from "../../stores/tiers.ts";

/** The methods of a `FlightObject`, as called from elsewhere. */
export interface LeaseStub {
  acquire(name: string): Promise<boolean>;
  renew(name: string): Promise<void>;
  release(name: string): Promise<void>;
  ended(): Promise<boolean>;
}

export interface GlobalSingleFlightParts {
  readonly stubOf: (key: string) => LeaseStub;
  readonly waitUntil: WaitUntil;
  readonly log: Log;
  readonly local?: SingleFlight;
}

/** Milliseconds between two renewals of the Durable Object's lease. */
const RENEWAL_INTERVAL = 5_000;

/**
 * Single flight across all data centres. A request first takes the lease of its own isolate, so that
 * equal groups in one isolate cost a single call, then that of the Durable Object. When the object
 * cannot be reached, groups are computed once per isolate.
 */
export function globalSingleFlight(parts: GlobalSingleFlightParts): SingleFlight {
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
  stub: LeaseStub,
  signal: AbortSignal,
  waitUntil: WaitUntil,
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
