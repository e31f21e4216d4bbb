import type { RunExclusive } from "../app/index.ts";
import { CosalError } from "../errors.ts";

export interface MutexLimits {
  /**
   * Milliseconds without renewal after which the holder counts as abandoned. One step of its work
   * (decoding a 16-megapixel photograph, loading the network) takes a few seconds on a slow machine.
   */
  readonly timeout: number;
  /** Milliseconds between two checks by a waiting request whether it may run. */
  readonly pollInterval: number;
  /**
   * Requests that may wait at the same time. Each holds its photographs' files in memory (up to
   * 24 MiB, mostly a few hundred kilobytes), and the last one waits for all those before it.
   */
  readonly maxWaiting: number;
  /** Milliseconds that a request may wait before it is told to try again later. */
  readonly maxWait: number;
}

export const MUTEX_LIMITS: MutexLimits = {
  timeout: 30_000,
  pollInterval: 10,
  maxWaiting: 8,
  maxWait: 20_000,
};

/** Seconds after which it is worth trying again. */
const RETRY_AFTER = 5;

interface Entry {
  readonly caller: string;
  /** Entries of lower rounds come first. Each of a caller's entries has a round of its own. */
  readonly round: number;
  renewed: number;
  isDropped: boolean;
}

/**
 * Runs one piece of work at a time in this isolate, with a bounded queue. Callers are served by turns,
 * each first come, first served: a caller that sends much makes its own requests wait. When the queue
 * is full, the caller with most requests in it loses the last one. A request that finds no place, loses
 * it or has waited too long gets backend_unavailable with `retryAfter`.
 *
 * No request awaits another request's promise here. When a caller disconnects, the runtime drops its
 * request midway: timers no longer fire, `finally` does not run, and promises never settle, so a mutex
 * made of promises would stay locked for ever. Instead, the holder's signal unlocks the mutex, and
 * each waiting request polls the queue on a timer of its own and skips everyone whose time is up.
 */
export function createMutex(limits: Partial<MutexLimits> = {}): RunExclusive {
  const { timeout, pollInterval, maxWaiting, maxWait } = { ...MUTEX_LIMITS, ...limits };
  /** In the order of rounds. The first entry runs. */
  const queue: Entry[] = [];
  const dropExpired = () => {
    while (queue[0] !== undefined && Date.now() - queue[0].renewed > timeout) queue.shift();
  };
  const roundOf = (caller: string) => {
    const last = queue.findLast((entry) => entry.caller === caller);
    return last === undefined ? (queue[0]?.round ?? 0) : last.round + 1;
  };
  const enqueue = (entry: Entry) => {
    const place = queue.findLastIndex(({ round }) => round <= entry.round) + 1;
    queue.splice(queue.length > 0 ? Math.max(1, place) : 0, 0, entry);
  };
  const makeRoomFor = ({ round }: Entry) => {
    if (queue.length <= maxWaiting) return;
    const last = queue.at(-1) as Entry;
    if (last.round <= round) throw queueIsFull(maxWaiting);
    last.isDropped = true;
    queue.pop();
  };

  return async function runExclusive(work, { caller, signal }) {
    signal.throwIfAborted();
    dropExpired();
    const entry: Entry = {
      ...{ caller, round: roundOf(caller) },
      ...{ renewed: Date.now(), isDropped: false },
    };
    makeRoomFor(entry);
    const since = Date.now();
    const renew = () => {
      entry.renewed = Date.now();
    };
    const release = () => {
      if (queue.includes(entry)) queue.splice(queue.indexOf(entry), 1);
    };
    enqueue(entry);
    signal.addEventListener("abort", release, { once: true });
    try {
      while (queue[0] !== entry) {
        await new Promise((resolve) => setTimeout(resolve, pollInterval));
        signal.throwIfAborted();
        if (entry.isDropped) throw queueIsFull(maxWaiting);
        if (Date.now() - since > maxWait) throw tooBusy("those before it took too long");
        renew();
        if (!queue.includes(entry)) enqueue(entry);
        dropExpired();
      }
      return await work(renew);
    } finally {
      signal.removeEventListener("abort", release);
      release();
    }
  };
}

function queueIsFull(maxWaiting: number): CosalError {
  return tooBusy(`${maxWaiting} requests wait here already`);
}

function tooBusy(reason: string): CosalError {
  const message = `This cannot be done now: ${reason}. Send it again in a few seconds.`;
  return new CosalError("backend_unavailable", message, { retryAfter: RETRY_AFTER });
}
