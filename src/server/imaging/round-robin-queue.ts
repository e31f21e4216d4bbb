interface Entry<Item> {
  readonly item: Item;
  readonly caller: string;
  readonly isBackground: boolean;
}

/** Milliseconds after their last item in which somebody counts as a caller. */
const PRESENCE = 10_000;

/**
 * What waits for one of a few threads. Callers are served by turns, each first come, first served, and
 * none has more than an equal share at the same time: whoever sends much makes their own requests
 * wait. A share is kept for a while for who has had one: a caller who comes once a second does not
 * find all threads with who always waits. What nobody waits for goes after all else.
 */
export class RoundRobinQueue<Item> {
  readonly #threads: number;
  #entries: Entry<Item>[] = [];
  /** How many of a caller's items are being worked on. */
  readonly #running = new Map<string, number>();
  /** Callers in the order in which they were served last, the last one at the end. */
  readonly #served = new Set<string>();
  /** When each caller has sent something last, in milliseconds. */
  readonly #seen = new Map<string, number>();

  /** @param threads items that may be worked on at the same time of one caller who is alone */
  constructor(threads: number) {
    this.#threads = threads;
  }

  push(item: Item, caller: string, isBackground = false): void {
    this.#seen.set(caller, performance.now());
    this.#entries.push({ item, caller, isBackground });
  }

  /** Whether it was still waiting. */
  remove(item: Item): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.item !== item);
    return this.#entries.length < before;
  }

  /** The next item, and what says that it is done; undefined when none may be begun now. */
  take(): { readonly item: Item; readonly release: () => void } | undefined {
    const next = this.#next();
    if (next === undefined) return undefined;
    const { item, caller } = next;
    this.#entries.splice(this.#entries.indexOf(next), 1);
    this.#running.set(caller, this.#runningOf(caller) + 1);
    this.#served.delete(caller);
    this.#served.add(caller);
    return { item, release: () => this.#release(caller) };
  }

  /** The first entry of the caller who has not been served for longest. */
  #next(): Entry<Item> | undefined {
    const share = this.#share();
    const all = this.#entries.filter(({ caller }) => this.#runningOf(caller) < share);
    const foreground = all.filter(({ isBackground }) => !isBackground);
    const free = foreground.length > 0 ? foreground : all;
    const order = [...this.#served];
    const last = ({ caller }: Entry<Item>) => order.indexOf(caller);
    return free.reduce<Entry<Item> | undefined>(
      (best, entry) => (best === undefined || last(entry) < last(best) ? entry : best),
      undefined,
    );
  }

  /** How many items of one caller may be worked on at the same time. */
  #share(): number {
    const now = performance.now();
    for (const [caller, last] of this.#seen) {
      const isBusy = this.#running.has(caller) || this.#isWaiting(caller);
      if (now - last > PRESENCE && !isBusy) this.#seen.delete(caller);
    }
    return Math.max(1, Math.floor(this.#threads / Math.max(1, this.#seen.size)));
  }

  #release(caller: string): void {
    const left = this.#runningOf(caller) - 1;
    if (left > 0) return void this.#running.set(caller, left);
    this.#running.delete(caller);
    // Who has nothing here any more is a newcomer when they come again.
    if (!this.#isWaiting(caller)) this.#served.delete(caller);
  }

  #isWaiting(caller: string): boolean {
    return this.#entries.some((entry) => entry.caller === caller);
  }

  #runningOf(caller: string): number {
    return this.#running.get(caller) ?? 0;
  }
}
