import type { Redis } from "ioredis";

/** Milliseconds after which who waits looks for itself: a notice may be lost with its connection. */
const MAX_WAIT = 2_000;

/** Notices of one channel, from when it was subscribed to. */
export interface Subscription {
  /** Resolves at the next notice that was not waited for yet, at the latest after a while. */
  next(signal?: AbortSignal): Promise<void>;
  end(): void;
}

/** Notices between servers that something has changed, without saying what: look yourself. */
export class Notifier {
  readonly #redis: Redis;
  readonly #listeners = new Map<string, Set<() => void>>();

  /** @param redis a connection for this alone: it can do nothing else once it is subscribed */
  constructor(redis: Redis) {
    this.#redis = redis;
    redis.on("message", (channel: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener();
    });
    // What happened while the connection was away.
    redis.on("ready", () => {
      for (const listeners of this.#listeners.values())
        for (const listener of listeners) listener();
    });
  }

  subscribe(channel: string): Subscription {
    let isPending = false;
    let wake = () => {};
    const listener = () => {
      isPending = true;
      wake();
    };
    const listeners = this.#listeners.get(channel) ?? new Set();
    if (listeners.size === 0) {
      this.#listeners.set(channel, listeners);
      this.#redis.subscribe(channel).catch(() => {});
    }
    listeners.add(listener);
    return {
      next(signal) {
        return new Promise((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal?.removeEventListener("abort", done);
            wake = () => {};
            isPending = false;
            resolve();
          };
          const timer = setTimeout(done, MAX_WAIT);
          signal?.addEventListener("abort", done, { once: true });
          wake = done;
          if (isPending || signal?.aborted) done();
        });
      },
      end: () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        this.#listeners.delete(channel);
        this.#redis.unsubscribe(channel).catch(() => {});
      },
    };
  }
}
