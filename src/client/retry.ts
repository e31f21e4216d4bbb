import { CosalError } from "./errors.ts";

/** Milliseconds: the first wait, doubled each time up to the longest. */
const FIRST = 250;
const LONGEST = 15_000;

/** How long something may be tried, and who may stop it. */
export interface Attempts {
  /** When to give up: `Date.now()` milliseconds. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Waits between attempts: exponential back-off with full jitter (Brooker, "Exponential Backoff And
 * Jitter", 2015), and at least as long as the service asks.
 */
export class Backoff {
  readonly #attempts: Attempts;
  #failures = 0;

  constructor(attempts: Attempts) {
    this.#attempts = attempts;
  }

  /** Something came through: the next failure is a first one again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * Waits before the next attempt.
   *
   * @throws the error itself, when another attempt would not help or would come too late
   */
  async failed(error: unknown): Promise<void> {
    const { deadline, signal } = this.#attempts;
    if (!(error instanceof CosalError) || !error.isTemporary) throw error;
    const most = Math.min(LONGEST, FIRST * 2 ** this.#failures++);
    const wait = (error.retryAfter ?? 0) + Math.random() * most;
    if (Date.now() + wait > deadline) throw error;
    await sleep(wait, signal);
  }
}

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
