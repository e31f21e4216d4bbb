import { type Flight, type Flights, type Log, memoryFlights } from "../../app/index.ts";
import type { WaitUntil } from "../stores/tiers.ts";

/** What a `FlightObject` answers, called from elsewhere. */
export interface FlightStub {
  take(name: string): Promise<boolean>;
  alive(name: string): Promise<void>;
  land(name: string): Promise<void>;
  ended(): Promise<boolean>;
}

export interface GlobalFlightParts {
  readonly stubOf: (key: string) => FlightStub;
  readonly waitUntil: WaitUntil;
  readonly log: Log;
  readonly local?: Flights;
}

/** How often the object is told that the work goes on, in milliseconds. */
const INTERVAL = 5_000;

/**
 * Flights of the whole world: first this isolate's, so that equal groups here cost one call, then
 * the Durable Object's. Where that fails, groups are computed once per isolate.
 */
export function globalFlights(parts: GlobalFlightParts): Flights {
  const { stubOf, waitUntil, log, local = memoryFlights() } = parts;
  return {
    async take(key, signal) {
      const own = await local.take(key, signal);
      if (own === undefined) return undefined;
      // Those who wait here must not take the wait for the world for silence.
      const beat = setInterval(() => own.alive(), INTERVAL);
      try {
        const flight = await takeGlobal(stubOf(key), signal, waitUntil);
        if (flight === undefined) own.land();
        return flight && both(own, flight);
      } catch (error) {
        if (signal.aborted) {
          own.land();
          throw signal.reason;
        }
        log({ level: "warn", event: "flight failed", error });
        return own;
      } finally {
        clearInterval(beat);
      }
    },
  };
}

async function takeGlobal(
  stub: FlightStub,
  signal: AbortSignal,
  waitUntil: WaitUntil,
): Promise<Flight | undefined> {
  const name = crypto.randomUUID();
  if (!(await stub.take(name))) {
    while (!(await orAborted(stub.ended(), signal))) signal.throwIfAborted();
    return undefined;
  }
  let told = Date.now();
  let isLanded = false;
  const tell = (call: Promise<void>) => waitUntil(call.catch(() => {}));
  const land = () => {
    signal.removeEventListener("abort", land);
    if (!isLanded) tell(stub.land(name));
    isLanded = true;
  };
  signal.addEventListener("abort", land, { once: true });
  if (signal.aborted) {
    land();
    throw signal.reason;
  }
  return {
    alive() {
      if (Date.now() - told < INTERVAL) return;
      told = Date.now();
      tell(stub.alive(name));
    },
    land,
  };
}

function both(one: Flight, other: Flight): Flight {
  return {
    alive() {
      one.alive();
      other.alive();
    },
    land() {
      void other.land();
      void one.land();
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
