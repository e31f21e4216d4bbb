/** The machine time of one task so far. */
export interface Share {
  /** Milliseconds. Ends the share. */
  end(): number;
}

/**
 * Divides the time of a machine. While several tasks run, each gets an equal part of the elapsed time, so
 * that their sum is never more than the elapsed time.
 */
export class MachineTime {
  readonly #now: () => number;
  readonly #running = new Set<{ milliseconds: number }>();
  #last = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  begin(): Share {
    this.#pass();
    const own = { milliseconds: 0 };
    this.#running.add(own);
    return {
      end: () => {
        this.#pass();
        this.#running.delete(own);
        return Math.round(own.milliseconds);
      },
    };
  }

  #pass(): void {
    const now = this.#now();
    for (const own of this.#running) own.milliseconds += (now - this.#last) / this.#running.size;
    this.#last = now;
  }
}
