/** Numbers that look random and are the same every time: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** Around a median, with a long tail: what a request to a service far away takes. */
  lognormal(median: number, sigma: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(sigma * normal);
  }
}

/**
 * Ranks from 1 to `items`, rank k with a probability in proportion to k ** -exponent (exponent not 1).
 * Sampled by rejection-inversion (Hörmann and Derflinger, 1996), which needs no table.
 */
export class Zipf {
  readonly items: number;
  readonly #exponent: number;
  readonly #total: number;

  constructor(items: number, exponent: number) {
    this.items = items;
    this.#exponent = exponent;
    this.#total = this.sum(() => 1);
  }

  sample(random: Random): number {
    const first = this.#integral(1.5) - 1;
    const last = this.#integral(this.items + 0.5);
    const sure = 2 - this.#inverse(this.#integral(2.5) - this.#weight(2));
    for (;;) {
      const area = last + random.next() * (first - last);
      const x = this.#inverse(area);
      const rank = Math.min(this.items, Math.max(1, Math.round(x)));
      if (rank - x <= sure || area >= this.#integral(rank + 0.5) - this.#weight(rank)) return rank;
    }
  }

  probability(rank: number): number {
    return this.#weight(rank) / this.#total;
  }

  /** The mean over requests of a function of an item's probability. */
  mean(of: (probability: number) => number): number {
    return this.sum((rank) => of(this.probability(rank))) / this.#total;
  }

  /** The sum over items: the first thousand one by one, the others in steps of a per cent. */
  sum(of: (rank: number) => number): number {
    let sum = 0;
    for (let rank = 1; rank <= this.items; ) {
      const next = Math.min(this.items + 1, rank < 1000 ? rank + 1 : Math.ceil(rank * 1.01));
      const middle = rank < 1000 ? rank : Math.sqrt(rank * next);
      sum += (next - rank) * this.#weight(middle) * of(middle);
      rank = next;
    }
    return sum;
  }

  #weight = (rank: number) => rank ** -this.#exponent;

  #integral(x: number): number {
    return (x ** (1 - this.#exponent) - 1) / (1 - this.#exponent);
  }

  #inverse(area: number): number {
    return (1 + area * (1 - this.#exponent)) ** (1 / (1 - this.#exponent));
  }
}
