/** Urgency of a request that asks for none (RFC 9218). */
export const DEFAULT_URGENCY = 3;

/** Lowest urgency (RFC 9218). */
export const MIN_URGENCY = 7;

/** What waits for its turn: the more urgent first, and of one urgency the one that came first. */
export class JobQueue<T> {
  readonly #byUrgency = new Map<number, T[]>();

  /** @param urgency from `DEFAULT_URGENCY` to `MIN_URGENCY`; a higher number is less urgent */
  add(item: T, urgency = DEFAULT_URGENCY): void {
    const waiting = this.#byUrgency.get(urgency);
    if (waiting === undefined) this.#byUrgency.set(urgency, [item]);
    else waiting.push(item);
  }

  /** Takes the next one out; undefined if nothing waits. */
  next(): T | undefined {
    for (let urgency = DEFAULT_URGENCY; urgency <= MIN_URGENCY; urgency++) {
      const item = this.#byUrgency.get(urgency)?.shift();
      if (item !== undefined) return item;
    }
    return undefined;
  }
}
