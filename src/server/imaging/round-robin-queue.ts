interface Entry<Item> {
  readonly item: Item;
  readonly caller: string;
  readonly isBackground: boolean;
}

/** Milliseconds after its last item during which a caller counts. */
const PRESENCE = 10_000;

/**
 * A queue for a few threads. Callers take turns, and each caller's items are first come, first served.
 * No caller has more than an equal share of the threads, so a caller that sends much delays only its own
 * requests. A caller's share is reserved for a while after its last item. So a caller that sends one
 * item a second does not find all threads in use. Items that nobody waits for go last.
 */
export class RoundRobinQueue<Item> {
  readonly #threads: number;
  #entries: Entry<Item>[] = [];
  /** Number of running items of each caller. */
  readonly #running = new Map<string, number>();
  /** Callers in the order of their last turn, the most recent at the end. */
  readonly #served = new Set<string>();
  /** Time of each caller's last item, in milliseconds. */
  readonly #seen = new Map<string, number>();

  /** @param threads maximum running items of a single caller */
  constructor(threads: number) {
    this.#threads = threads;
  }

  push(item: Item, caller: string, isBackground = false): void {
    this.#seen.set(caller, performance.now());
    this.#entries.push({ item, caller, isBackground });
  }

  /** @returns whether the item was still waiting */
  remove(item: Item): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.item !== item);
    return this.#entries.length < before;
  }

  /** The next item and a function to call when it is done. Undefined if none may start now. */
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

  /** The first entry of the caller whose last turn is longest ago. */
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

  /** Maximum number of running items of one caller. */
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
    // A caller without items counts as new when it returns.
    if (!this.#isWaiting(caller)) this.#served.delete(caller);
  }

  #isWaiting(caller: string): boolean {
    return this.#entries.some((entry) => entry.caller === caller);
  }

  #runningOf(caller: string): number {
    return this.#running.get(caller) ?? 0;
  }
}
