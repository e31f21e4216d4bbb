/** A group in the queue. Its images share one object. */
export interface Flow {
  /** Number of images of the group. */
  readonly images: number;
  readonly caller: string;
  /** Number of them that have been taken from the queue. */
  served: number;
  /** Whether nobody waits for the group. */
  readonly isBackground?: boolean;
}

/** Maximum time in milliseconds that others may go first. */
export const MAX_WAIT = 1000;

/** The same for a group that nobody waits for, so that requests do not stop a batch for ever. */
export const MAX_BACKGROUND_WAIT = 10_000;

interface Entry<Item> {
  readonly item: Item;
  readonly flow: Flow;
  readonly arrived: number;
}

/**
 * Decides which image is next. First is the caller with the least device time; then its group with the
 * fewest encoded images; then the smaller group; then the first to arrive. So a caller's groups share
 * the device image by image, and a small group ends while a large one has just begun
 * (foreground-background scheduling; Kleinrock, Queueing Systems II, 4.4). By itself that would starve a
 * large group under a stream of small ones. So images that have waited for longer than `MAX_WAIT` go
 * before the caller's other images, in the order of arrival. Groups that nobody waits for go last.
 */
export class FairQueue<Item> {
  readonly #maxWait: number;
  readonly #servedOf: (caller: string) => number;
  /** In the order of arrival. */
  #entries: Entry<Item>[] = [];

  /** @param servedOf the device time that a caller has used */
  constructor(servedOf: (caller: string) => number = () => 0, maxWait: number = MAX_WAIT) {
    this.#servedOf = servedOf;
    this.#maxWait = maxWait;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** @param now milliseconds, never less than before */
  push(item: Item, flow: Flow, now: number): void {
    this.#entries.push({ item, flow, arrived: now });
  }

  remove(item: Item): void {
    this.#entries = this.#entries.filter((entry) => entry.item !== item);
  }

  find(wanted: (item: Item) => boolean): Item | undefined {
    return this.#entries.find(({ item }) => wanted(item))?.item;
  }

  /** The caller of the next item. */
  caller(now: number): string | undefined {
    return this.#own(now)[0]?.flow.caller;
  }

  /** The next `count` items, fewer when fewer wait. */
  take(count: number, now: number): Item[] {
    const taken: Entry<Item>[] = [];
    while (taken.length < count && this.#entries.length > 0) {
      const next = this.#next(now);
      this.#entries.splice(this.#entries.indexOf(next), 1);
      next.flow.served++;
      taken.push(next);
    }
    return taken.map(({ item }) => item);
  }

  #next(now: number): Entry<Item> {
    const [oldest, ...others] = this.#own(now) as [Entry<Item>, ...Entry<Item>[]];
    if (now - oldest.arrived > this.#maxWait) return oldest;
    return others.reduce(
      (best, entry) => (goesBefore(entry.flow, best.flow) ? entry : best),
      oldest,
    );
  }

  /** The items of the caller whose turn it is. */
  #own(now: number): Entry<Item>[] {
    const entries = this.#eligible(now);
    const callers = new Set(entries.map(({ flow }) => flow.caller));
    const [next] = [...callers].sort((a, b) => this.#servedOf(a) - this.#servedOf(b));
    return entries.filter(({ flow }) => flow.caller === next);
  }

  #eligible(now: number): Entry<Item>[] {
    const background = this.#entries.find(({ flow }) => flow.isBackground);
    if (background !== undefined && now - background.arrived > MAX_BACKGROUND_WAIT) {
      return [background];
    }
    const foreground = this.#entries.filter(({ flow }) => !flow.isBackground);
    return foreground.length > 0 ? foreground : this.#entries;
  }
}

function goesBefore(a: Flow, b: Flow): boolean {
  return a.served < b.served || (a.served === b.served && a.images < b.images);
}
