/** Milliseconds that a caller may catch up on: about one small group. */
const MAX_CREDIT = 1000;

/**
 * Who has had how much of something that serves one at a time, in milliseconds; next comes whoever has
 * had the least. Who comes first begins where those are who are being served. Who comes again and has
 * had less than they have meanwhile may catch up a little, so that who asks for something now and then
 * hardly waits for who asks for much (start-time fair queueing with a bounded lag: Goyal, Vin and
 * Cheng, 1996; Duda and Cheriton, 1999).
 */
export class FairShares {
  readonly #served = new Map<string, number>();
  /** What the caller who was served last had had before. */
  #now = 0;

  of(caller: string): number {
    return Math.max(this.#served.get(caller) ?? this.#now, this.#now - MAX_CREDIT);
  }

  /** A caller's turn begins. */
  begin(caller: string): void {
    this.#now = Math.max(this.#now, this.of(caller));
    for (const [other, served] of this.#served) {
      if (served < this.#now - 10 * MAX_CREDIT) this.#served.delete(other);
    }
  }

  /** They have had so much more. */
  add(caller: string, milliseconds: number): void {
    this.#served.set(caller, this.of(caller) + milliseconds);
  }

  /** Nobody waits: what was had until then is held against nobody for longer than a while. */
  rest(): void {
    this.#now = Math.max(this.#now, ...this.#served.values());
  }
}
