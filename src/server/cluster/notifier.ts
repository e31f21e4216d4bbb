import type { Redis } from "ioredis";

/** Milliseconds after which who waits looks for itself: a notice may be lost with its connection. */
const MAX_WAIT = 2_000;

/** Notices of one channel, from when it was subscribed to. */
export interface Subscription {
  /** Resolves at the next notice that was not waited for yet, at the latest after a while. */
  next(signal?: AbortSignal): Promise<void>;
  end(): void;
}

/**
 * Messages between servers. What is sent while a connection is away is not received: whoever waits for
 * a change looks for itself now and then.
 */
export class Notifier {
  readonly #redis: Redis;
  readonly #listeners = new Map<string, Set<(message?: string) => void>>();

  /** @param redis a connection for this alone: it can do nothing else once it is subscribed */
  constructor(redis: Redis) {
    this.#redis = redis;
    redis.on("message", (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message);
    });
    // Something may have happened while the connection was away.
    redis.on("ready", () => {
      for (const listeners of this.#listeners.values())
        for (const listener of listeners) listener();
    });
  }

  /**
   * @param listener called with each message, and without one when some may have been lost
   * @returns what ends it
   */
  listen(channel: string, listener: (message?: string) => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    if (listeners.size === 0) {
      this.#listeners.set(channel, listeners);
      this.#redis.subscribe(channel).catch(() => {});
    }
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#listeners.get(channel) !== listeners) return;
      this.#listeners.delete(channel);
      this.#redis.unsubscribe(channel).catch(() => {});
    };
  }

  subscribe(channel: string): Subscription {
    let isPending = false;
    let wake = () => {};
    const end = this.listen(channel, () => {
      isPending = true;
      wake();
    });
    return {
      end,
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
    };
  }
}
