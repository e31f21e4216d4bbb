import { DAY, GPU_SERVER, KEPT, PRICES, SHARED_LIMITS, STORED, WORKLOAD } from "./assumptions.ts";
import { missShare } from "./cache.ts";
import { Clock } from "./events.ts";
import { Random, Zipf } from "./random.ts";
import type { Server } from "./server.ts";
import { type Arrival, arrivals, meanSize, type Workload } from "./workload.ts";

export interface Outcome {
  /** How many requests were answered from where. */
  readonly answered: ReadonlyMap<string, number>;
  /** Seconds of requests that found their group, and of those that were computed. */
  readonly hits: readonly number[];
  readonly misses: readonly number[];
  /** How many of what there are. */
  readonly parts: ReadonlyMap<string, number>;
  /** Load of each part in the busiest hour: 1 is all that one of it can do. */
  readonly loads: ReadonlyMap<string, number>;
  /** US dollars for a thousand groups. */
  readonly cost: ReadonlyMap<string, number>;
}

/** A deployment in its busiest hour: what it is asked, and what became of it. */
export class World {
  readonly clock = new Clock();
  readonly random: Random;
  readonly workload: Workload;
  readonly size: number;
  readonly count: number;
  readonly groupsPerDay: number;
  /** The rate of requests against that of the whole day. */
  readonly peak: number;
  /** Photographs a second of groups that are not known. */
  readonly imageRate: number;
  /** Seconds from the first request to the last. */
  horizon = 0;

  readonly answered = new Map<string, number>();
  readonly hits: number[] = [];
  readonly misses: number[] = [];
  /** Groups that were computed, their photographs, and those of them that were encoded. */
  computed = { groups: 0, images: 0, unknown: 0 };

  constructor(groupsPerDay: number, count: number, seed: number) {
    const { exponent, groupDays, photographsPerGroup, sizes } = WORKLOAD;
    // What takes days is not the busiest hour.
    const mean = groupsPerDay / DAY;
    this.peak = count / mean > DAY ? 1 : WORKLOAD.peak;
    const rate = this.peak * mean;
    const items = groupDays * groupsPerDay;
    const groups = new Zipf(items, exponent);
    const photographs = new Zipf(photographsPerGroup * items, exponent);
    this.workload = { seed, rate, groups, photographs, sizes };
    this.random = new Random(seed + 1);
    this.size = meanSize(this.workload);
    this.count = count;
    this.groupsPerDay = groupsPerDay;
    const unknown = missShare(groups, mean, KEPT.results);
    this.imageRate = rate * unknown * this.size;
  }

  /** Requests a second for a group, in the busiest hour. */
  groupRate = (group: number) => this.workload.rate * this.workload.groups.probability(group);

  /** Requests a second for the features of a photograph, likewise. */
  photographRate = (image: number) => this.imageRate * this.workload.photographs.probability(image);

  latency({ median, sigma }: { readonly median: number; readonly sigma: number }): number {
    return this.random.lognormal(median, sigma);
  }

  /** Lets requests come, and everything end. */
  run(begin: (arrival: Arrival) => void): void {
    const coming = arrivals(this.workload, this.count);
    const next = () => {
      const { value, done } = coming.next();
      if (done) return;
      this.horizon = value.at;
      this.clock.at(value.at, () => {
        begin(value);
        next();
      });
    };
    next();
    this.clock.run();
  }

  /** A request that ends after so long; those of the first fifth, when queues are empty, do not count. */
  end(arrival: Arrival, from: string, seconds = 0): void {
    this.clock.after(seconds, () => {
      if (arrival.at < (0.2 * this.count) / this.workload.rate) return;
      this.answered.set(from, (this.answered.get(from) ?? 0) + 1);
      const list = from === "computed" || from === "in flight" ? this.misses : this.hits;
      list.push(this.clock.now - arrival.at);
    });
  }

  /** Dollars for a thousand groups, of dollars for all that were simulated. */
  perThousand(dollars: number): number {
    return (1000 * dollars) / this.count;
  }

  /** The same of something that runs day and night. */
  perThousandOfHours(dollarsPerHour: number): number {
    return (1000 * 24 * dollarsPerHour) / this.groupsPerDay;
  }

  /** Byte-months that stay of the groups that were computed. */
  get stored(): number {
    return this.computed.unknown * (STORED.day / 30) + this.computed.images * STORED.month;
  }

  gpuServerLoads(servers: readonly Server[]): [string, number][] {
    if (servers.length === 0) return [];
    const mean = (busy: (server: Server) => number) =>
      servers.reduce((sum, server) => sum + busy(server), 0) / this.horizon / servers.length;
    const bits = (8 * WORKLOAD.imageBytes * this.computed.unknown) / this.horizon;
    return [
      ["GPU servers' cores", mean(({ cores }) => cores.busy) / GPU_SERVER.cores],
      ["GPU servers' GPUs", mean(({ gpu }) => gpu?.busy ?? 0)],
      ["GPU servers' network", bits / servers.length / SHARED_LIMITS.network],
    ];
  }

  gpuServerCost(servers: number): number {
    return this.perThousandOfHours(servers * PRICES.gpuServerHour);
  }
}

/** How many servers a load needs that one of them would have. */
export function serversFor(loads: readonly [string, number][]): number {
  const most = Math.max(0, ...loads.map(([, load]) => load));
  return most / GPU_SERVER.load;
}

/** Groups that are being computed, and who waits for them. */
export class Flights {
  readonly #waiting = new Map<number, (() => void)[]>();

  /** Whether somebody computes it: then `then` is called when it is there. */
  join(group: number, then: () => void): boolean {
    const waiting = this.#waiting.get(group);
    if (waiting === undefined) this.#waiting.set(group, []);
    else waiting.push(then);
    return waiting !== undefined;
  }

  land(group: number): void {
    const waiting = this.#waiting.get(group) ?? [];
    this.#waiting.delete(group);
    for (const then of waiting) then();
  }
}
