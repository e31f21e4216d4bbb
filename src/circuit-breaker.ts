/** `closed`: requests pass. `open`: none pass. `half-open`: one trial request passes. */
export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open, in milliseconds; twice as long after each trial that fails. */
  readonly cooldown: number;
  readonly maxCooldown: number;
  /**
   * How long a trial may take before another request may try, in milliseconds. When a client
   * disconnects, its request in a Worker is dropped and never reports an outcome.
   */
  readonly trial: number;
}

export const BREAKER_POLICY: BreakerPolicy = {
  failures: 3,
  cooldown: 5_000,
  maxCooldown: 60_000,
  trial: 15_000,
};

/** Permission to send one request. Only the first reported outcome counts. */
export interface Permit {
  readonly isTrial: boolean;
  succeed(): void;
  fail(): void;
  /** The backend asks for no requests for a while. This is not a failure. */
  postpone(milliseconds: number): void;
}

/**
 * Keeps requests from a backend that fails (Nygard, Release It!, 2007, "Circuit Breaker"). It has no
 * promises, only plain values, so all requests of an isolate can share it.
 */
export class CircuitBreaker {
  readonly #now: () => number;
  readonly #policy: BreakerPolicy;
  #failures = 0;
  /** The end of the open state, in milliseconds since 1970, and its length. */
  #openUntil: number | undefined;
  #cooldown: number;
  #trialUntil = 0;
  #busyUntil = 0;

  constructor(now: () => number = Date.now, policy: BreakerPolicy = BREAKER_POLICY) {
    this.#now = now;
    this.#policy = policy;
    this.#cooldown = policy.cooldown;
  }

  get state(): BreakerState {
    if (this.#openUntil === undefined) return "closed";
    return this.#now() < this.#openUntil ? "open" : "half-open";
  }

  /** Milliseconds until a request may pass; 0 when one may pass now. */
  get wait(): number {
    const now = this.#now();
    const trial = this.state === "half-open" ? this.#trialUntil - now : 0;
    return Math.max(0, (this.#openUntil ?? 0) - now, this.#busyUntil - now, trial);
  }

  /** A permit to send a request now, or undefined. */
  enter(): Permit | undefined {
    if (this.wait > 0) return undefined;
    const isTrial = this.state === "half-open";
    if (isTrial) this.#trialUntil = this.#now() + this.#policy.trial;
    let isSettled = false;
    const settle = (report: () => void) => () => {
      if (!isSettled) report();
      isSettled = true;
    };
    return {
      isTrial,
      succeed: settle(() => this.#close()),
      fail: settle(() => this.#fail(isTrial)),
      postpone: (milliseconds) =>
        settle(() => {
          this.#close();
          this.#busyUntil = this.#now() + milliseconds;
        })(),
    };
  }

  #close(): void {
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#cooldown = this.#policy.cooldown;
    this.#trialUntil = 0;
  }

  #fail(isTrial: boolean): void {
    this.#failures++;
    if (isTrial) this.#cooldown = Math.min(2 * this.#cooldown, this.#policy.maxCooldown);
    // Failures of requests that were sent before it opened do not keep it open.
    else if (this.#openUntil !== undefined || this.#failures < this.#policy.failures) return;
    this.#openUntil = this.#now() + this.#cooldown;
    this.#trialUntil = 0;
  }
}
