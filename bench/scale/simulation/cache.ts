import type { Random, Zipf } from "./random.ts";

/**
 * A tier of a store in one or several places: a value is there for `time` seconds after it was put.
 * What is there when the simulation begins, at time 0, is drawn when it is first asked for: requests for
 * one value come at random, so that a share r * time / (1 + r * time) of them finds it, r being their rate,
 * and its age is any.
 */
export class Tier {
  readonly time: number;
  readonly #random: Random;
  readonly #places: number;
  readonly #expires = new Map<number, number>();

  constructor(random: Random, time: number, places = 1) {
    this.#random = random;
    this.time = time;
    this.#places = places;
  }

  /** @param rate requests a second for this value, in all places together */
  has(value: number, place: number, rate: number, now: number): boolean {
    const key = value * this.#places + place;
    let expires = this.#expires.get(key);
    if (expires === undefined) {
      const load = (rate / this.#places) * this.time;
      const isThere = this.#random.next() < load / (1 + load);
      expires = isThere ? this.#random.next() * this.time : 0;
      this.#expires.set(key, expires);
    }
    return now < expires;
  }

  put(value: number, place: number, now: number): void {
    this.#expires.set(value * this.#places + place, now + this.time);
  }
}

/** The share of requests that do not find their value in a store that keeps values so long. */
export function missShare(values: Zipf, rate: number, time: number): number {
  return values.mean((probability) => 1 / (1 + probability * rate * time));
}

/**
 * How long a value stays in a memory that has room for so many of them, after its last use (Che, Tung
 * and Wang, 2002: the time in which as many different values are asked for).
 */
export function characteristicTime(values: Zipf, rate: number, room: number): number {
  if (room >= values.items) return Number.POSITIVE_INFINITY;
  const different = (seconds: number) => {
    let sum = 0;
    for (let rank = 1; rank <= values.items; ) {
      const next = Math.min(values.items + 1, rank < 100 ? rank + 1 : Math.ceil(rank * 1.05));
      sum += (next - rank) * (1 - Math.exp(-values.probability(rank) * rate * seconds));
      rank = next;
    }
    return sum;
  };
  let [low, high] = [0, room / rate];
  while (different(high) < room && high < 1e9) high *= 2;
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (different(middle) < room) low = middle;
    else high = middle;
  }
  return high;
}
