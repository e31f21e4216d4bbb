import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startServer } from "../../../src/server/server.ts";
import { createLogger } from "../../../src/server/telemetry/log.ts";
import { syntheticPhotograph } from "../../photographs.ts";
import { processorTimeOf } from "../../resident.ts";
import { Clock } from "./events.ts";
import { Zipf } from "./random.ts";
import { Server, type ServerTimes } from "./server.ts";
import { arrivals, type Workload } from "./workload.ts";
import { Flights } from "./world.ts";

const CORES = availableParallelism();
/** So many that both the threads and the device always have work. */
const CALLERS = 16;
const REQUESTS = 300;
const LOADS = [0.3, 0.6, 0.8];
const [WIDTH, HEIGHT] = [640, 480];

/** Seconds of requests, by whether their group was known. */
export interface Latencies {
  readonly hits: number[];
  readonly misses: number[];
  /** Seconds of cores. */
  readonly work: number;
}

/** What the simulation has to know of a server: seconds of a core. */
interface Calibration {
  readonly times: ServerTimes;
  readonly hit: number;
}

type Send = (images: readonly number[]) => Promise<{ seconds: number; isHit: boolean }>;

/** Requests at random, with repeats, each load with groups and photographs of its own. */
function workload(seed: number, rate: number): Workload {
  return {
    ...{ seed, rate },
    groups: new Zipf(150, 0.8),
    photographs: new Zipf(300, 0.8),
    sizes: [
      [2, 0.4],
      [4, 0.4],
      [8, 0.2],
    ],
  };
}

/** Seconds of requests to one server that knows nothing at the beginning, and of all its cores' work. */
function simulate(load: Workload, { times, hit }: Calibration): Latencies {
  const clock = new Clock();
  const server = new Server(clock, CORES, times);
  const known = new Set<number>();
  const seen = new Set<number>();
  const flights = new Flights();
  const [hits, misses]: [number[], number[]] = [[], []];
  for (const { at, group, images } of arrivals(load, REQUESTS)) {
    clock.at(at, () => {
      const end = (list: number[]) => () => list.push(clock.now - at);
      if (known.has(group)) return server.cores.do(hit, end(hits));
      if (flights.join(group, end(misses))) return;
      // A photograph that is being encoded is not encoded again for another group.
      const unknown = images.filter((image) => !seen.has(image)).length;
      for (const image of images) seen.add(image);
      server.compute(images.length, unknown, () => {
        known.add(group);
        end(misses)();
        flights.land(group);
      });
    });
  }
  clock.run();
  return { hits, misses, work: server.cores.busy };
}

/** Requests that come when they come, whether or not those before have been answered. */
async function measure(load: Workload, send: Send): Promise<Latencies> {
  const [hits, misses]: [number[], number[]] = [[], []];
  const start = performance.now();
  const workBefore = processorTime();
  const sent: Promise<void>[] = [];
  for (const { at, images } of arrivals(load, REQUESTS)) {
    await sleep(Math.max(0, 1000 * at - (performance.now() - start)));
    sent.push(
      send(images).then(({ seconds, isHit }) => void (isHit ? hits : misses).push(seconds)),
    );
  }
  await Promise.all(sent);
  return { hits, misses, work: processorTime() - workBefore };
}

/** Seconds of cores that this process and the server's device process have used. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  const name = readFileSync("/proc/self/comm", "utf8").trim();
  return (user + system) / 1e6 + processorTimeOf(name) / 1e3;
}

/** Seconds of cores for the groups of callers who send one after another. */
async function closedLoop(groups: readonly (readonly number[])[], send: Send): Promise<number> {
  const waiting = [...groups];
  const before = processorTime();
  const caller = async () => {
    for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) await send(group);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return processorTime() - before;
}

/** What photographs cost: new ones, known ones in new groups, and known groups. */
async function calibrate(send: Send, first: number): Promise<Calibration> {
  const [groups, size] = [32, 4];
  const group = (index: number, stride: number) =>
    Array.from(
      { length: size },
      (_, image) => first + ((index * size + image * stride) % (groups * size)),
    );
  const all = (stride: number) =>
    Array.from({ length: groups }, (_, index) => group(index, stride));
  const images = groups * size;
  const ofNew = (await closedLoop(all(1), send)) / images;
  const ofKnown = (await closedLoop(all(17), send)) / images;
  const ofHit = (await closedLoop(all(1), send)) / groups;
  const rest = (ofNew - ofKnown) / 2;
  return { times: { group: 0, read: rest, encode: rest, mask: ofKnown }, hit: ofHit };
}

/** The same when everything costs so many times as much. */
function dearer({ times, hit }: Calibration, factor: number): Calibration {
  const { read, encode = 0, mask } = times;
  const scaled = { group: 0, read: factor * read, encode: factor * encode, mask: factor * mask };
  return { times: scaled, hit: factor * hit };
}

/** A server on this machine and its simulation under the same requests, as a table. */
export async function compareWithServer(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), "cosal-bench-"));
  const options = { runtime: "native", host: "127.0.0.1", port: 0, data } as const;
  const silent = createLogger({ write() {} });
  const server = await startServer({ ...options, dataBytes: 2 ** 30 }, silent);
  const photographs = new Map<number, File>();
  const prepare = async (images: Iterable<number>) => {
    for (const image of new Set(images)) {
      if (photographs.has(image)) continue;
      const bytes = await syntheticPhotograph(WIDTH, HEIGHT, image);
      photographs.set(image, new File([bytes], `${image}.jpg`));
    }
  };
  const send: Send = async (images) => {
    const form = new FormData();
    for (const image of images) form.append("image", photographs.get(image) as File);
    const start = performance.now();
    const response = await fetch(`${server.url}/v1/groups`, { method: "POST", body: form });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    const { cache } = (await response.json()) as { cache: string };
    return { seconds: (performance.now() - start) / 1000, isHit: cache === "hit" };
  };
  try {
    const range = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => from + index);
    await prepare(range(10_000, 300));
    await calibrate(send, 10_150);
    const calibration = await calibrate(send, 10_000);
    const { times, hit } = calibration;
    const ms = (seconds: number) => (1000 * seconds).toFixed(1);
    console.log(`\nruntime native: ${server.device.status.device?.name}`);
    console.log(
      `a photograph costs ${ms(times.read + (times.encode ?? 0) + times.mask)} ms of a core, a known one ${ms(times.mask)}, a known group ${ms(hit)}\n`,
    );
    console.log(
      `${REQUESTS} requests at each load, JPEGs of ${WIDTH} x ${HEIGHT}, ${CORES} cores\n`,
    );
    console.log(
      "load  groups/s            work, s   known   known, p50 / p99 ms   computed, p50 / p99 ms",
    );
    for (const [index, share] of LOADS.entries()) {
      const seed = 100 + index;
      const { work } = simulate(workload(seed, 1), calibration);
      const rate = (share * CORES * REQUESTS) / work;
      const own = workload(seed, rate);
      // Photographs of one load are not those of another.
      const offset = 1000 * (index + 1);
      const apart: Send = (images) => send(images.map((image) => image + offset));
      await prepare(
        [...arrivals(own, REQUESTS)].flatMap(({ images }) => images.map((i) => i + offset)),
      );
      const measured = await measure(own, apart);
      const simulated = simulate(own, calibration);
      const asDear = dearer(calibration, measured.work / simulated.work);
      const rows = { measured, simulated, "same work": simulate(own, asDear) };
      for (const [name, latencies] of Object.entries(rows)) {
        console.log(
          `${share.toFixed(1).padStart(4)}${rate.toFixed(1).padStart(10)}  ${name.padEnd(10)}${row(latencies)}`,
        );
      }
    }
  } finally {
    await server.stop(0);
    await rm(data, { recursive: true, force: true });
  }
}

function row({ hits, misses, work }: Latencies): string {
  const share = `${((100 * hits.length) / (hits.length + misses.length)).toFixed(0)} %`;
  const both = (values: readonly number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (part: number) =>
      1000 * (sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN);
    return `${at(0.5).toFixed(0)} / ${at(0.99).toFixed(0)}`;
  };
  return (
    work.toFixed(1).padStart(9) +
    share.padStart(8) +
    both(hits).padStart(22) +
    both(misses).padStart(25)
  );
}
