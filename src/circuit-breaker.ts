/** `closed`: requests go through. `open`: none do. `half-open`: one may try. */
export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open, in milliseconds; twice as long after each trial that fails. */
  readonly cooldown: number;
  readonly maxCooldown: number;
  /**
   * How long a trial may be silent before another request may try, in milliseconds: a Worker's
   * request whose caller hangs up vanishes without a word.
   */
  readonly trial: number;
}

export const BREAKER_POLICY: BreakerPolicy = {
  failures: 3,
  cooldown: 5_000,
  maxCooldown: 60_000,
  trial: 15_000,
};

/** Leave to send one request. Its outcome is told once; what is told later is not heard. */
export interface Permit {
  readonly isTrial: boolean;
  succeed(): void;
  fail(): void;
  /** The backend asked to be left alone for a while: no failure. */
  postpone(milliseconds: number): void;
}

/**
 * Keeps requests from a backend that fails (Nygard, Release It!, 2007, "Circuit Breaker"). It holds
 * plain values, no promise, and so can be shared by all requests of an isolate.
 */
export class CircuitBreaker {
  readonly #now: () => number;
  readonly #policy: BreakerPolicy;
  #failures = 0;
  /** Until when nothing may go through, and how long that was. */
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

  /** Milliseconds until a request may go through again; 0 when one may now. */
  get wait(): number {
    const now = this.#now();
    const trial = this.state === "half-open" ? this.#trialUntil - now : 0;
    return Math.max(0, (this.#openUntil ?? 0) - now, this.#busyUntil - now, trial);
  }

  /** Leave to send a request now, or undefined. */
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
    // Requests that were already under way when it opened do not keep it open.
    else if (this.#openUntil !== undefined || this.#failures < this.#policy.failures) return;
    this.#openUntil = this.#now() + this.#cooldown;
    this.#trialUntil = 0;
  }
}
