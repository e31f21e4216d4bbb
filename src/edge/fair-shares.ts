/** Milliseconds that a caller may catch up on: about one small group. */
const MAX_CREDIT = 1000;

/**
 * Who has had how much of something that serves one at a time, in milliseconds. Who comes first begins
 * where those are who are being served. Who comes again and has had less than they have meanwhile may
 * catch up a little, so that who asks for something now and then hardly waits for who asks for much
 * (start-time fair queueing with a bounded lag: Goyal, Vin and Cheng, 1996; Duda and Cheriton, 1999).
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
    this.#served.set(caller, Math.max(this.of(caller), this.#now - MAX_CREDIT));
  }

  /** @param isHere whether a caller waits or is being served: others are forgotten with time */
  begin(caller: string, isHere: (caller: string) => boolean): void {
    this.#now = Math.max(this.#now, this.of(caller));
    for (const [other, served] of this.#served) {
      if (served < this.#now - 10 * MAX_CREDIT && !isHere(other)) this.#served.delete(other);
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
