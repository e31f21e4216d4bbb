/**
 * Computes equal groups only once when they arrive together. The request that computes a group holds
 * the lease on its key; the others wait.
 */
export interface SingleFlight {
  /**
   * Resolves to a lease if nobody holds one for this key. Otherwise waits until the other lease has
   * ended, then resolves to undefined: look in the store, and acquire again if the result is not there.
   *
   * @throws the signal's reason
   */
  acquire(key: string, signal: AbortSignal): Promise<Lease | undefined>;
}

export interface Lease {
  /** Extends the lease. One that is not renewed for a while expires. */
  renew(): void;
  /** Ends the lease. May be called more than once. */
  release(): void | Promise<void>;
}

/** Milliseconds without renewal after which a lease expires. One step takes a few seconds. */
const LEASE_TIMEOUT = 30_000;

/** Milliseconds between two checks of a lease by a request that waits for it. */
const POLL_INTERVAL = 10;

/**
 * Single flight within this process or isolate. No request awaits another request's promise: when a
 * caller disconnects, workerd drops its request midway and its promises never settle. Waiting requests
 * poll on a timer of their own instead.
 */
export function memorySingleFlight(
  timeout = LEASE_TIMEOUT,
  pollInterval = POLL_INTERVAL,
): SingleFlight {
  const leases = new Map<string, { renewed: number }>();

  /** Removes the leases of dropped requests, which are never released. */
  function dropExpired(): void {
    for (const [key, { renewed }] of leases) {
      if (Date.now() - renewed <= timeout) break;
      leases.delete(key);
    }
  }

  return {
    async acquire(key, signal) {
      signal.throwIfAborted();
      const other = leases.get(key);
      if (other !== undefined) {
        while (leases.get(key) === other && Date.now() - other.renewed <= timeout) {
          await new Promise((resolve) => setTimeout(resolve, pollInterval));
          signal.throwIfAborted();
        }
        if (leases.get(key) === other) leases.delete(key);
        return undefined;
      }
      dropExpired();
      const own = { renewed: Date.now() };
      leases.set(key, own);
      const release = () => {
        signal.removeEventListener("abort", release);
        if (leases.get(key) === own) leases.delete(key);
      };
      signal.addEventListener("abort", release, { once: true });
      return {
        renew() {
          own.renewed = Date.now();
        },
        release,
      };
    },
  };
}
