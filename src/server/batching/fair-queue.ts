/** A group in the line. One object for all of its images. */
export interface Claim {
  /** Images of the group. */
  readonly images: number;
  /** Of these, how many have been taken from the line. */
  taken: number;
}

/** How long others may go first, in milliseconds. */
export const PATIENCE = 1000;

interface Place<Item> {
  readonly item: Item;
  readonly claim: Claim;
  readonly arrived: number;
}

/**
 * Who goes next. The group that has had the fewest images encoded does; of equals, the smaller
 * group; of equals, who came first. So groups share the device image by image, and a small group is
 * done while a large one has just begun (foreground-background scheduling; Kleinrock, Queueing
 * Systems II, 4.4). That alone would starve a large group under a stream of small ones: who has
 * waited for longer than `PATIENCE` goes before all who have not, in the order of arrival.
 */
export class FairLine<Item> {
  readonly #patience: number;
  /** In the order of arrival. */
  #places: Place<Item>[] = [];

  constructor(patience: number = PATIENCE) {
    this.#patience = patience;
  }

  get length(): number {
    return this.#places.length;
  }

  /** @param now milliseconds, never less than before */
  join(item: Item, claim: Claim, now: number): void {
    this.#places.push({ item, claim, arrived: now });
  }

  leave(item: Item): void {
    this.#places = this.#places.filter((place) => place.item !== item);
  }

  find(wanted: (item: Item) => boolean): Item | undefined {
    return this.#places.find(({ item }) => wanted(item))?.item;
  }

  /** The next `count` items, fewer when fewer wait. */
  take(count: number, now: number): Item[] {
    const taken: Place<Item>[] = [];
    while (taken.length < count && this.#places.length > 0) {
      const next = this.#next(now);
      this.#places.splice(this.#places.indexOf(next), 1);
      next.claim.taken++;
      taken.push(next);
    }
    return taken.map(({ item }) => item);
  }

  #next(now: number): Place<Item> {
    const [oldest, ...others] = this.#places as [Place<Item>, ...Place<Item>[]];
    if (now - oldest.arrived > this.#patience) return oldest;
    return others.reduce(
      (best, place) => (goesBefore(place.claim, best.claim) ? place : best),
      oldest,
    );
  }
}

function goesBefore(a: Claim, b: Claim): boolean {
  return a.taken < b.taken || (a.taken === b.taken && a.images < b.images);
}
