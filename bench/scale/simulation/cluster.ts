import {
  GPU_SERVER,
  KEPT,
  LATENCY,
  MEMORY_ROOM,
  PRICES,
  REDIS_COMMANDS,
  SHARED_LIMITS,
  WORKLOAD,
} from "./assumptions.ts";
import { characteristicTime, Tier } from "./cache.ts";
import { Station } from "./events.ts";
import { Server } from "./server.ts";
import type { Arrival } from "./workload.ts";
import { Flights, type Outcome, serversFor, World } from "./world.ts";

/** Servers with a GPU each behind a balancer, which share a bucket and Redis. */
export function cluster(groupsPerDay: number, count: number, seed: number): Outcome {
  const { gpuLoads } = simulate(groupsPerDay, count, seed, undefined);
  const servers = Math.max(1, Math.ceil(serversFor(gpuLoads)));
  return simulate(groupsPerDay, count, seed, servers).outcome;
}

/** Without a number of servers there is one that has what is needed, in order to learn how much that is. */
function simulate(groupsPerDay: number, count: number, seed: number, number: number | undefined) {
  const world = new World(groupsPerDay, count, seed);
  const { clock, random, workload, computed } = world;
  const gpuServers = number ?? 1;
  const cores = number === undefined ? Number.POSITIVE_INFINITY : GPU_SERVER.cores;
  const servers = Array.from(
    { length: gpuServers },
    () => new Server(clock, cores, GPU_SERVER.times),
  );
  const near = new Tier(random, KEPT.near, gpuServers);
  const bucket = new Tier(random, KEPT.results);
  const ownRate = world.imageRate / gpuServers;
  const roomFor = characteristicTime(workload.photographs, ownRate, MEMORY_ROOM);
  const memory = new Tier(random, Math.min(KEPT.features, roomFor), gpuServers);
  const features = new Tier(random, KEPT.features);
  const redis = new Station(clock, 1);
  const flights = new Flights();
  let [gets, puts] = [0, 0];

  function look(arrival: Arrival, place: number): void {
    const { group, images } = arrival;
    const rate = world.groupRate(group);
    const { now } = clock;
    if (near.has(group, place, rate, now)) {
      world.end(arrival, "disk", world.latency(LATENCY.disk));
      return;
    }
    gets++;
    if (bucket.has(group, 0, rate / world.peak, now)) {
      near.put(group, place, now);
      world.end(arrival, "bucket", world.latency(LATENCY.s3));
      return;
    }
    if (flights.join(group, () => world.end(arrival, "in flight", world.latency(LATENCY.s3)))) {
      return;
    }
    const unknown = images.filter((image) => {
      const imageRate = world.photographRate(image);
      if (memory.has(image, place, imageRate, now)) return false;
      gets++;
      return !features.has(image, 0, imageRate / world.peak, now);
    });
    computed.groups++;
    computed.images += images.length;
    computed.unknown += unknown.length;
    puts += 2 + images.length + 2 * unknown.length;
    const finish = () => {
      for (const image of images) memory.put(image, place, clock.now);
      for (const image of unknown) features.put(image, 0, clock.now);
      near.put(group, place, clock.now);
      bucket.put(group, 0, clock.now);
      world.end(arrival, "computed");
      flights.land(group);
    };
    // The group and then its features are looked for in the bucket.
    const lookUps = world.latency(LATENCY.s3) + world.latency(LATENCY.s3);
    redis.do(REDIS_COMMANDS.miss / SHARED_LIMITS.redis, () =>
      clock.after(lookUps, () =>
        (servers[place] as Server).compute(images.length, unknown.length, finish),
      ),
    );
  }

  world.run((arrival) => {
    const place = Math.floor(random.next() * gpuServers);
    redis.do(REDIS_COMMANDS.request / SHARED_LIMITS.redis, () => look(arrival, place));
  });

  const fetches = count * world.size * WORKLOAD.fetches;
  const gpuLoads = world.gpuServerLoads(servers);
  const outcome: Outcome = {
    ...{ answered: world.answered, hits: world.hits, misses: world.misses },
    parts: new Map([["GPU servers", gpuServers]]),
    loads: new Map([
      ...gpuLoads,
      ["one Redis", redis.busy / world.horizon],
      ["one partition of S3, writes", puts / world.horizon / SHARED_LIMITS.s3Puts],
      ["one partition of S3, reads", (gets + fetches) / world.horizon / SHARED_LIMITS.s3Gets],
    ]),
    cost: new Map([
      ["bucket, writes", world.perThousand(puts * PRICES.s3Write)],
      ["bucket, reads", world.perThousand((gets + fetches) * PRICES.s3Read)],
      ["bucket, storage", world.perThousand(world.stored * PRICES.s3ByteMonth)],
      ["Redis", world.perThousandOfHours(PRICES.redisHour)],
      ["GPU servers", world.gpuServerCost(gpuServers)],
    ]),
  };
  const [, ...others] = gpuLoads;
  const coreLoad = (servers[0]?.cores.busy ?? 0) / world.horizon / GPU_SERVER.cores;
  const ofOne: [string, number][] = [["cores", coreLoad], ...others];
  return { outcome, gpuLoads: ofOne };
}
