import type { Redis } from "ioredis";

/** Maximum wait in milliseconds, since a notice may be lost with its connection. */
const MAX_WAIT = 2_000;

/** Notices of one channel since its subscription. */
export interface Subscription {
  /** Resolves at the next notice, or after the maximum wait. */
  next(signal?: AbortSignal): Promise<void>;
  end(): void;
}

/**
 * Messages between servers. Messages that are sent while a connection is away are lost, so whoever
 * waits for a change must also check from time to time.
 */
export class Notifier {
  readonly #redis: Redis;
  readonly #listeners = new Map<string, Set<(message?: string) => void>>();

  /** @param redis a connection for this purpose only: once subscribed, it can do nothing else */
  constructor(redis: Redis) {
    this.#redis = redis;
    redis.on("message", (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message);
    });
    // Messages may have been lost while the connection was away.
    redis.on("ready", () => {
      for (const listeners of this.#listeners.values())
        for (const listener of listeners) listener();
    });
  }

  /**
   * @param listener called with each message, and without one when some may have been lost
   * @returns a function that ends the subscription
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
