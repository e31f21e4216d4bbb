/** Milliseconds that a caller may catch up on: about one small group. */
const MAX_CREDIT = 1000;

/**
 * Counts how much time each caller has used of a resource that serves one caller at a time, in
 * milliseconds. The caller that has used the least comes next. A new caller starts at the level of
 * those being served. A returning caller that has used less may catch up, by `MAX_CREDIT` at most. So
 * callers with few requests hardly wait for callers with many. This is start-time fair queueing with
 * a bounded lag (Goyal, Vin and Cheng, 1996; Duda and Cheriton, 1999).
 */
export class FairShares {
  readonly #served = new Map<string, number>();
  /** What the caller that was served last had used before its turn. */
  #now = 0;

  of(caller: string): number {
    return Math.max(this.#served.get(caller) ?? this.#now, this.#now - MAX_CREDIT);
  }

  /** Starts a caller's turn. */
  begin(caller: string): void {
    this.#now = Math.max(this.#now, this.of(caller));
    for (const [other, served] of this.#served) {
      if (served < this.#now - 10 * MAX_CREDIT) this.#served.delete(other);
    }
  }

  /** Adds to the time that a caller has used. */
  add(caller: string, milliseconds: number): void {
    this.#served.set(caller, this.of(caller) + milliseconds);
  }

  /** Call when nobody waits. It resets the differences between callers, except for `MAX_CREDIT`. */
  rest(): void {
    this.#now = Math.max(this.#now, ...this.#served.values());
  }
}
