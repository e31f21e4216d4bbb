import type { Place } from "./targets.ts";

/** One way to stall a service, or to fill it up. */
export interface Attack {
  readonly name: string;
  /** What is sent, in a line for the table. */
  readonly what: string;
  readonly places: readonly Place[];
  /**
   * Makes ready what the attack needs, stored photographs for instance.
   *
   * @returns what is then done again and again until the time is over; it may throw
   */
  prepare(url: string, place: Place): Promise<() => Promise<unknown>>;
  /** How many do it at once. */
  readonly callers: number;
}
