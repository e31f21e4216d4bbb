import type { Batch } from "./types.ts";

/** Window of the rate in milliseconds. */
const WINDOW = 60_000;
const SAMPLE_INTERVAL = 1000;

/** The recent rate per second, from occasional counts. */
export class Rate {
  #samples: { readonly at: number; readonly count: number }[] = [];
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Starts or resumes. Pauses do not count. */
  begin(count: number): void {
    this.#samples = [{ at: this.#now(), count }];
  }

  /** @param count total so far */
  add(count: number): void {
    const at = this.#now();
    const last = this.#samples.at(-1);
    if (last !== undefined && this.#samples.length > 1 && at - last.at < SAMPLE_INTERVAL) {
      this.#samples.pop();
    }
    this.#samples.push({ at, count });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) > WINDOW) {
      this.#samples.shift();
    }
  }

  /** Rate per second. */
  perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.count <= first.count) return 0;
    return (1000 * (last.count - first.count)) / Math.max(1, this.#now() - first.at);
  }
  /** The rate, and the time at which so many more are done, while there is a rate. */
  estimate(pending: number): Pick<Batch, "rate" | "estimatedEnd"> {
    const rate = this.perSecond();
    if (rate === 0 || pending === 0) return { rate };
    const left = (1000 * pending) / rate;
    return { rate, estimatedEnd: new Date(this.#now() + left).toISOString() };
  }
}
