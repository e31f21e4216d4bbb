import type { Exclusive } from "../app/index.ts";

/**
 * How long a turn may be silent before it counts as abandoned, in milliseconds. One step of it (a
 * 16-megapixel photograph to decode, the network to load) takes a few seconds on a slow machine.
 */
const SILENCE = 30_000;

/** How often who waits looks whether it is their turn, in milliseconds. */
const INTERVAL = 10;

/**
 * One piece of work at a time in this isolate, in the order asked for.
 *
 * Nobody waits for another request's promise here. When a caller hangs up, the runtime drops the
 * request in the middle: its timers never fire again, `finally` does not run, and what it promised
 * is never settled, so a lock made of promises would stay shut for good. Instead a turn ends with
 * its signal, and who waits looks at the line on a timer of its own and passes over everyone who
 * has been silent for too long.
 */
export function createTurns(silence = SILENCE, interval = INTERVAL): Exclusive {
  const line: { seen: number }[] = [];

  return async function exclusive(work, signal) {
    const place = { seen: Date.now() };
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
        alive();
        if (!line.includes(place)) line.push(place);
        while (Date.now() - line[0]!.seen > silence) line.shift();
      }
      return await work(alive);
    } finally {
      signal?.removeEventListener("abort", leave);
      leave();
    }
  };
}
