import { FairShares, type RunExclusive, yieldToEventLoop } from "../app/index.ts";
import { CosalError } from "../errors.ts";

export interface MutexLimits {
  /**
   * Milliseconds without a sign of life after which a request counts as abandoned. One piece of its
   * work (decoding a 16-megapixel photograph, loading the network) takes a few seconds on a slow
   * machine.
   */
  readonly timeout: number;
  /** Milliseconds between two checks by a waiting request whether it may run. */
  readonly pollInterval: number;
  /**
   * Requests that may wait to begin. Each holds its photographs' files in memory (up to 24 MiB, mostly
   * a few hundred kilobytes), and the last one waits for all those before it.
   */
  readonly maxWaiting: number;
  /** Milliseconds that a request may wait to begin before it is told to try again later. */
  readonly maxWait: number;
  /**
   * Photographs of all requests that have begun: a group holds the features of each, 0.7 MB, until its
   * end. The largest group has 64; beside it there is room for a small one.
   */
  readonly maxImages: number;
  /** Milliseconds after which work in the background has its turn though others wait. */
  readonly maxBackgroundWait: number;
}

const MUTEX_LIMITS: MutexLimits = {
  timeout: 30_000,
  pollInterval: 10,
  maxWaiting: 8,
  maxWait: 20_000,
  maxImages: 72,
  maxBackgroundWait: 10_000,
};

/** Seconds after which it is worth trying again. */
const RETRY_AFTER = 5;

interface Entry {
  readonly caller: string;
  readonly images: number;
  readonly isBackground: boolean;
  /** Since when it has waited for its turn, in milliseconds since 1970. */
  since: number;
  renewed: number;
  /** Whether a piece of its work has been done. */
  hasBegun: boolean;
  isDropped: boolean;
}

/**
 * Runs one piece of work at a time in this isolate, with a bounded queue. Work gives way between its
 * pieces: next comes whoever has had the least time, so that a caller who sends much, or what takes
 * long, makes their own requests wait, and others wait for one piece. Requests of one caller are done
 * one after the other. When the queue is full, the caller with most requests in it loses the last one.
 * A request that finds no place, loses it or has waited too long gets backend_unavailable with
 * `retryAfter`. Work in the background comes when nobody else waits.
 *
 * No request awaits another request's promise here. When a caller disconnects, the runtime drops its
 * request midway: timers no longer fire, `finally` does not run, and promises never settle, so a mutex
 * made of promises would stay locked for ever. Instead, the holder's signal unlocks the mutex, and
 * each waiting request polls the queue on a timer of its own and skips everyone whose time is up.
 */
export function createMutex(limits: Partial<MutexLimits> = {}): RunExclusive {
  const { timeout, pollInterval, maxWaiting, maxWait, maxImages, maxBackgroundWait } = {
    ...MUTEX_LIMITS,
    ...limits,
  };
  /** In the order of arrival. */
  let queue: Entry[] = [];
  /** Whose piece is being done. */
  let holder: Entry | undefined;
  const shares = new FairShares();

  function remove(entry: Entry): void {
    queue = queue.filter((other) => other !== entry);
    if (holder === entry) holder = undefined;
    if (queue.length === 0) shares.rest();
  }

  function dropExpired(): void {
    for (const entry of queue) if (Date.now() - entry.renewed > timeout) remove(entry);
  }

  function makeRoomFor({ caller }: Entry): void {
    if (queue.filter(({ hasBegun }) => !hasBegun).length <= maxWaiting) return;
    const lengthOf = (of: string) => queue.filter((entry) => entry.caller === of).length;
    const last = queue
      .filter(({ hasBegun }) => !hasBegun)
      .reduce((most, entry) => (lengthOf(entry.caller) >= lengthOf(most.caller) ? entry : most));
    if (lengthOf(last.caller) <= lengthOf(caller)) throw queueIsFull(maxWaiting);
    last.isDropped = true;
    remove(last);
  }

  function hasRoomFor({ images }: Entry): boolean {
    const begun = queue.filter(({ hasBegun }) => hasBegun);
    const sum = begun.reduce((total, entry) => total + entry.images, 0);
    return begun.length === 0 || sum + images <= maxImages;
  }

  /** Those whose turn it may be: all in the background only when nobody else waits. */
  function candidates(): Entry[] {
    const isDue = ({ since }: Entry) => Date.now() - since > maxBackgroundWait;
    const before = queue.filter((entry) => !entry.isBackground || isDue(entry));
    return before.length > 0 ? before : queue;
  }

  /** Who comes next. When there is no room for whose turn it is, nobody else begins before them. */
  function next(): Entry | undefined {
    const first = leastServed(candidates(), shares);
    if (first === undefined || first.hasBegun || hasRoomFor(first)) return first;
    return leastServed(
      queue.filter(({ hasBegun }) => hasBegun),
      shares,
    );
  }

  return async function runExclusive(work, { caller, signal, images, isBackground = false }) {
    signal.throwIfAborted();
    dropExpired();
    const entry: Entry = {
      ...{ caller, images, isBackground, since: Date.now(), renewed: Date.now() },
      ...{ hasBegun: false, isDropped: false },
    };
    let began = 0;

    function giveWay(): void {
      if (holder !== entry) return;
      // Without I/O the runtime's clock stands still: every piece counts for something.
      shares.add(caller, Math.max(1, Date.now() - began));
      holder = undefined;
    }

    function release(): void {
      giveWay();
      remove(entry);
    }

    async function hold(): Promise<void> {
      entry.since = Date.now();
      for (;;) {
        entry.renewed = Date.now();
        if (!queue.includes(entry)) queue.push(entry);
        dropExpired();
        if (holder === undefined && next() === entry) break;
        await new Promise((resolve) => setTimeout(resolve, pollInterval));
        signal.throwIfAborted();
        if (entry.isDropped) throw queueIsFull(maxWaiting);
        if (!entry.hasBegun && Date.now() - entry.since > maxWait) {
          throw tooBusy("those before it took too long");
        }
      }
      holder = entry;
      entry.hasBegun = true;
      began = Date.now();
      shares.begin(caller);
    }

    queue.push(entry);
    signal.addEventListener("abort", release, { once: true });
    try {
      makeRoomFor(entry);
      await hold();
      return await work(async () => {
        await yieldToEventLoop();
        signal.throwIfAborted();
        giveWay();
        await hold();
      });
    } finally {
      signal.removeEventListener("abort", release);
      release();
    }
  };
}

function leastServed(entries: readonly Entry[], shares: FairShares): Entry | undefined {
  return entries.reduce<Entry | undefined>(
    (least, entry) =>
      least === undefined || shares.of(entry.caller) < shares.of(least.caller) ? entry : least,
    undefined,
  );
}

function queueIsFull(maxWaiting: number): CosalError {
  return tooBusy(`${maxWaiting} requests wait here already`);
}

function tooBusy(reason: string): CosalError {
  const message = `This cannot be done now: ${reason}. Send it again in a few seconds.`;
  return new CosalError("backend_unavailable", message, { retryAfter: RETRY_AFTER });
}
