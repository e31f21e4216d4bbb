import {
  CENTRES,
  GPU_SERVER,
  ISOLATE_ROOM,
  KEPT,
  LATENCY,
  PRICES,
  WORKER,
  WORKLOAD,
} from "./assumptions.ts";
import { characteristicTime, Tier } from "./cache.ts";
import { Station } from "./events.ts";
import { Zipf } from "./random.ts";
import { Server } from "./server.ts";
import type { Arrival } from "./workload.ts";
import { Flights, type Outcome, serversFor, World } from "./world.ts";

interface Size {
  /** Of the whole world, busy ones. */
  readonly isolates: number;
  readonly gpuServers: number;
}

/** Workers in the data centres of the world, a bucket, and GPU servers where there is enough for one. */
export function workers(groupsPerDay: number, count: number, seed: number): Outcome {
  const first = simulate(groupsPerDay, count, seed, undefined);
  const needed = serversFor(first.gpuLoads);
  const gpuServers = needed < GPU_SERVER.worthwhile ? 0 : Math.ceil(needed);
  // Without GPU servers what they would have done is left to isolates.
  const { isolates } =
    gpuServers > 0 ? first : simulate(groupsPerDay, count, seed, { isolates: 1e6, gpuServers });
  return simulate(groupsPerDay, count, seed, { isolates, gpuServers }).outcome;
}

/** Without a size there is as much of everything as is needed, in order to learn how much that is. */
function simulate(groupsPerDay: number, count: number, seed: number, size: Size | undefined) {
  const world = new World(groupsPerDay, count, seed);
  const { clock, random, workload, computed } = world;
  const centres = new Zipf(CENTRES.count, CENTRES.exponent);
  const isolates = Array.from({ length: centres.items }, (_, index) => {
    const busy = (size?.isolates ?? 1e6) * centres.probability(index + 1);
    return new Station(clock, Math.max(1, Math.ceil(busy / CENTRES.load)));
  });
  const gpuServers = size?.gpuServers ?? 1;
  const cores = size === undefined ? Number.POSITIVE_INFINITY : GPU_SERVER.cores;
  const servers = Array.from(
    { length: gpuServers },
    () => new Server(clock, cores, GPU_SERVER.times),
  );

  const isolateCount = isolates.reduce((sum, { servers }) => sum + servers, 0);
  const ownRate = workload.rate / isolateCount;
  const roomFor = characteristicTime(workload.groups, ownRate, ISOLATE_ROOM);
  const memory = new Tier(random, Math.min(KEPT.isolate, roomFor), isolateCount);
  const cache = new Tier(random, KEPT.dataCentre, centres.items);
  const bucket = new Tier(random, KEPT.results);
  const features = new Tier(random, KEPT.features);
  const flights = new Flights();
  const firstOf: number[] = [];
  for (const { servers } of isolates) firstOf.push((firstOf.at(-1) ?? 0) + servers);
  let cpu = 0;

  world.run((arrival: Arrival) => {
    const { group, images } = arrival;
    const centre = centres.sample(random) - 1;
    const station = isolates[centre] as Station;
    const isolate = (firstOf[centre] as number) - 1 - Math.floor(random.next() * station.servers);
    const rate = world.groupRate(group);
    const { now } = clock;
    cpu += WORKER.hit;
    if (memory.has(group, isolate, rate, now)) {
      world.end(arrival, "isolate", WORKER.hit);
      return;
    }
    if (cache.has(group, centre, rate, now)) {
      memory.put(group, isolate, now);
      world.end(arrival, "data centre", WORKER.hit + world.latency(LATENCY.dataCentre));
      return;
    }
    if (bucket.has(group, 0, rate / world.peak, now)) {
      memory.put(group, isolate, now);
      cache.put(group, centre, now);
      world.end(arrival, "bucket", WORKER.hit + world.latency(LATENCY.bucket));
      return;
    }
    if (flights.join(group, () => world.end(arrival, "in flight", world.latency(LATENCY.bucket)))) {
      return;
    }
    const unknown = images.filter((image) => {
      const imageRate = world.photographRate(image) / world.peak;
      return !features.has(image, 0, imageRate, now);
    });
    computed.groups++;
    computed.images += images.length;
    computed.unknown += unknown.length;
    const finish = () => {
      for (const image of unknown) features.put(image, 0, clock.now);
      memory.put(group, isolate, clock.now);
      cache.put(group, centre, clock.now);
      bucket.put(group, 0, clock.now);
      world.end(arrival, "computed");
      flights.land(group);
    };
    const seconds = unknown.length * (WORKER.read + WORKER.encode) + images.length * WORKER.decode;
    if (gpuServers > 0 && seconds > WORKER.preferred) {
      cpu += WORKER.send;
      const server = servers[Math.floor(random.next() * gpuServers)] as Server;
      clock.after(world.latency(LATENCY.toGpu), () =>
        server.compute(images.length, unknown.length, finish),
      );
    } else {
      const whole = seconds + images.length * WORKER.files;
      cpu += whole;
      station.do(whole, finish);
    }
  });

  const busy = isolates.reduce((sum, { busy }) => sum + busy, 0) / world.horizon;
  const fetches = count * world.size * WORKLOAD.fetches;
  const writes = 2 * computed.groups + computed.images + 2 * computed.unknown;
  const reads = count + fetches + computed.images;
  const gpuLoads = world.gpuServerLoads(servers);
  const outcome: Outcome = {
    ...{ answered: world.answered, hits: world.hits, misses: world.misses },
    parts: new Map([
      ["isolates", isolateCount],
      ["GPU servers", gpuServers],
    ]),
    loads: new Map([["isolates", busy / isolateCount], ...gpuLoads]),
    cost: new Map([
      ["requests", world.perThousand((count + fetches) * PRICES.workerRequest)],
      ["processor", world.perThousand(cpu * PRICES.workerCpuSecond)],
      ["bucket, writes", world.perThousand(writes * PRICES.r2Write)],
      ["bucket, reads", world.perThousand(reads * PRICES.r2Read)],
      ["bucket, storage", world.perThousand(world.stored * PRICES.r2ByteMonth)],
      ["flights", world.perThousand(2 * computed.groups * PRICES.durableObjectRequest)],
      ["GPU servers", world.gpuServerCost(gpuServers)],
    ]),
  };
  // Without a size there is one server with all the cores in the world: loads are those of one real one.
  const [, ...others] = gpuLoads;
  const coreLoad = (servers[0]?.cores.busy ?? 0) / world.horizon / GPU_SERVER.cores;
  const ofOne: [string, number][] = [["cores", coreLoad], ...others];
  return { outcome, isolates: busy, gpuLoads: ofOne };
}
