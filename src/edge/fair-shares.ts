/**
 * Who has had how much of something that serves one at a time, in milliseconds. Who comes after a
 * while begins where those are who are being served: there is nothing to catch up on, and nothing to be
 * gained by leaving (start-time fair queueing: Goyal, Vin and Cheng, 1996).
 */
export class FairShares {
  readonly #served = new Map<string, number>();
  /** What the caller who was served last had had before. */
  #now = 0;

  /** For a caller who waits or is being served. */
  of(caller: string): number {
    return this.#served.get(caller) ?? this.#now;
  }

  /** A caller comes who did not wait. */
  join(caller: string): void {
    this.#served.set(caller, Math.max(this.of(caller), this.#now));
  }

  /** @param isHere whether a caller waits or is being served: others are forgotten with time */
  begin(caller: string, isHere: (caller: string) => boolean): void {
    this.#now = this.of(caller);
    for (const [other, served] of this.#served) {
      if (served <= this.#now && !isHere(other)) this.#served.delete(other);
    }
  }

  end(caller: string, milliseconds: number): void {
    this.#served.set(caller, this.of(caller) + milliseconds);
  }

  /** Nobody is here any more. */
  clear(): void {
    this.#served.clear();
    this.#now = 0;
  }
}
