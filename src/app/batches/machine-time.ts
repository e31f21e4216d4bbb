/** How long one piece of work had the machine, so far. */
export interface Share {
  /** Milliseconds. Ends the share. */
  end(): number;
}

/**
 * The time of a machine, shared out: while several pieces of work run, each is given an equal part of
 * what passes, so that all of them together never take more than there was.
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
