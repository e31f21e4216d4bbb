import { Random, type Zipf } from "./random.ts";

/** One request for the masks of a group. */
export interface Arrival {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly group: number;
  readonly images: readonly number[];
}

export interface Workload {
  readonly seed: number;
  /** Groups a second. */
  readonly rate: number;
  readonly groups: Zipf;
  readonly photographs: Zipf;
  /** How many photographs groups have, and how often. */
  readonly sizes: readonly (readonly [images: number, share: number])[];
}

/** Requests that come at random. A group has the same photographs whenever it comes. */
export function* arrivals(workload: Workload, count: number): Generator<Arrival> {
  const random = new Random(workload.seed);
  for (let sent = 0, at = 0; sent < count; sent++) {
    at += random.exponential(1 / workload.rate);
    const group = workload.groups.sample(random);
    yield { at, group, images: imagesOf(workload, group) };
  }
}

export function imagesOf({ seed, photographs, sizes }: Workload, group: number): number[] {
  const own = new Random(seed ^ Math.imul(group, 2_654_435_761) ^ Math.floor(group / 2 ** 32));
  const draw = own.next();
  let share = 0;
  const size = sizes.find((one) => {
    share += one[1];
    return draw < share;
  });
  const count = size?.[0] ?? sizes[0]?.[0] ?? 1;
  const images = new Set<number>();
  while (images.size < Math.min(count, photographs.items)) images.add(photographs.sample(own));
  return [...images];
}

export function meanSize({ sizes }: Pick<Workload, "sizes">): number {
  return sizes.reduce((sum, [images, share]) => sum + images * share, 0);
}
