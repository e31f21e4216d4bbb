import type { Exclusive } from "../app/index.ts";
import { CosalError } from "../errors.ts";

export interface TurnLimits {
  /**
   * How long a turn may be silent before it counts as abandoned, in milliseconds. One step of it (a
   * 16-megapixel photograph to decode, the network to load) takes a few seconds on a slow machine.
   */
  readonly silence: number;
  /** How often who waits looks whether it is their turn, in milliseconds. */
  readonly interval: number;
  /**
   * Who may wait at the same time. Each holds its photographs' files in memory (up to 24 MiB, mostly
   * a few hundred kilobytes), and the last of them waits for all before it.
   */
  readonly waiting: number;
  /** How long anyone waits before it is told to come again, in milliseconds. */
  readonly patience: number;
}

export const TURN_LIMITS: TurnLimits = {
  silence: 30_000,
  interval: 10,
  waiting: 8,
  patience: 20_000,
};

/** How soon it is worth to come again, in seconds. */
const RETRY_AFTER = 5;

/**
 * One piece of work at a time in this isolate, in the order asked for, with a bounded line: who
 * finds it full, or has waited for too long, gets backend_unavailable with `retryAfter`.
 *
 * Nobody waits for another request's promise here. When a caller hangs up, the runtime drops the
 * request in the middle: its timers never fire again, `finally` does not run, and what it promised
 * is never settled, so a lock made of promises would stay shut for good. Instead a turn ends with
 * its signal, and who waits looks at the line on a timer of its own and passes over everyone who
 * has been silent for too long.
 */
export function createTurns(limits: Partial<TurnLimits> = {}): Exclusive {
  const { silence, interval, waiting, patience } = { ...TURN_LIMITS, ...limits };
  const line: { seen: number }[] = [];
  const dropSilent = () => {
    while (line[0] !== undefined && Date.now() - line[0].seen > silence) line.shift();
  };

  return async function exclusive(work, signal) {
    signal?.throwIfAborted();
    dropSilent();
    if (line.length > waiting) throw tooBusy(`${waiting} groups wait here already`);
    const place = { seen: Date.now() };
    const since = Date.now();
    const alive = () => {
      place.seen = Date.now();
    };
    const leave = () => {
      if (line.includes(place)) line.splice(line.indexOf(place), 1);
    };
    line.push(place);
    signal?.addEventListener("abort", leave, { once: true });
    try {
      while (line[0] !== place) {
        await new Promise((resolve) => setTimeout(resolve, interval));
        signal?.throwIfAborted();
        if (Date.now() - since > patience) throw tooBusy("the groups before it took too long");
        alive();
        if (!line.includes(place)) line.push(place);
        dropSilent();
      }
      return await work(alive);
    } finally {
      signal?.removeEventListener("abort", leave);
      leave();
    }
  };
}

function tooBusy(reason: string): CosalError {
  const message = `The group cannot be computed now: ${reason}. Send it again in a few seconds.`;
  return new CosalError("backend_unavailable", message, { retryAfter: RETRY_AFTER });
}
