/** Equal groups that arrive together are computed once: who computes one holds its flight. */
export interface Flights {
  /**
   * A flight for the key if nobody holds one. Otherwise waits until the other one has ended and
   * resolves to undefined: look in the store, and if it is not there take again.
   *
   * @throws the signal's reason
   */
  take(key: string, signal: AbortSignal): Promise<Flight | undefined>;
}

export interface Flight {
  /** Says that the work goes on. One that has been silent for long counts as abandoned. */
  alive(): void;
  /** Ends it. May be called more than once. */
  land(): void | Promise<void>;
}

/** Milliseconds of silence after which a flight counts as abandoned: one step takes a few seconds. */
const SILENCE = 30_000;

/** How often who waits looks, in milliseconds. */
const INTERVAL = 10;

/**
 * Flights of this process or isolate. Nobody waits for another request's promise: where a caller
 * hangs up, workerd drops the request in the middle and what it promised is never settled. Who waits
 * looks on a timer of its own.
 */
export function memoryFlights(silence = SILENCE, interval = INTERVAL): Flights {
  const flights = new Map<string, { seen: number }>();

  /** Requests that were dropped without a word would stay for good. */
  function sweep(): void {
    for (const [key, { seen }] of flights) {
      if (Date.now() - seen <= silence) break;
      flights.delete(key);
    }
  }

  return {
    async take(key, signal) {
      signal.throwIfAborted();
      const other = flights.get(key);
      if (other !== undefined) {
        while (flights.get(key) === other && Date.now() - other.seen <= silence) {
          await new Promise((resolve) => setTimeout(resolve, interval));
          signal.throwIfAborted();
        }
        if (flights.get(key) === other) flights.delete(key);
        return undefined;
      }
      sweep();
      const own = { seen: Date.now() };
      flights.set(key, own);
      const land = () => {
        signal.removeEventListener("abort", land);
        if (flights.get(key) === own) flights.delete(key);
      };
      signal.addEventListener("abort", land, { once: true });
      return {
        alive() {
          own.seen = Date.now();
        },
        land,
      };
    },
  };
}
