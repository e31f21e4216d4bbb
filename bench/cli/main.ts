// `npm run bench:cli [-- --count 500] [--every 100] [--runtime native]`: many photographs of 1 megapixel in
// one call of `cosal`: what its process holds, and photographs a second beside the engine alone.
// Processor time counts no other program, and not the time in which threads wait.
//
// Photographs are examples/, enlarged, each a file of its own. The engine alone does the same work on as
// many threads, and writes nothing: it reads each file, learns the consensus, and computes a mask of each.
// The command's time has its start. So the engine has two ratios: loaded before its time begins, and with
// a start of its own for all photographs. Both are run as they are published, as JavaScript, since Node
// takes a second to read the sources. One half of the engine's photographs is masked before the command
// runs, and one after it, so that a machine that becomes slower is slower for both.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { RuntimeName } from "../../src/cli/engine/runtime-name.ts";
import { MAX_GROUP } from "../../src/engine/index.ts";
import { machine } from "../machine.ts";
import type { EngineShare } from "./engine-thread.ts";
import { writePhotographs } from "./photographs.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Clock ticks a second of /proc, on every Linux. */
const TICKS = 100;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "500" },
    every: { type: "string", default: "100" },
    runtime: { type: "string", default: "native" },
  },
});
const [COUNT, EVERY] = [Number(values.count), Number(values.every)];
const RUNTIME = values.runtime as RuntimeName;

console.log(machine());
const BUILT = build();
const folder = await mkdtemp(join(tmpdir(), "cosal-bench-"));
try {
  const paths = await writePhotographs(folder, COUNT);
  const before = await engineAlone(paths.filter((_, place) => place % 2 === 0));
  const cosal = await wholeCommand();
  const after = await engineAlone(paths.filter((_, place) => place % 2 === 1));
  const loaded = mean(before, after);
  const start = mean(before.start, after.start);
  const started = {
    seconds: loaded.seconds + start.seconds / COUNT,
    milliseconds: loaded.milliseconds + start.milliseconds / COUNT,
  };
  console.log("\n                        photographs a second   ms of processor time each");
  row("engine, before", before);
  row("cosal", cosal);
  row("engine, after", after);
  row("engine, with its start", started);
  ratio("to the loaded engine", loaded, cosal);
  ratio("to one with its start", started, cosal);
} finally {
  await rm(folder, { recursive: true });
}

/** Of a photograph, unless it is that of a start. */
interface Time {
  /** By the clock. */
  readonly seconds: number;
  /** Of processor time, of all threads. */
  readonly milliseconds: number;
}

function mean(a: Time, b: Time): Time {
  return {
    seconds: (a.seconds + b.seconds) / 2,
    milliseconds: (a.milliseconds + b.milliseconds) / 2,
  };
}

function row(name: string, { seconds, milliseconds }: Time): void {
  const columns = [(1 / seconds).toFixed(1).padStart(20), milliseconds.toFixed(1).padStart(25)];
  console.log(`${name.padEnd(24)}${columns.join("   ")}`);
}

function ratio(name: string, engine: Time, cosal: Time): void {
  const [rate, time] = [engine.seconds / cosal.seconds, engine.milliseconds / cosal.milliseconds];
  console.log(
    `${name.padEnd(24)}${rate.toFixed(2).padStart(20)}   ${time.toFixed(2).padStart(25)}`,
  );
}

/** @returns the folder `dist/`, whose modules are written anew */
function build(): string {
  const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const project = join(ROOT, "tsconfig.build.json");
  execFileSync(process.execPath, [compiler, "--project", project], { stdio: "inherit" });
  return join(ROOT, "dist");
}

/** From the start of the process to the last mask; prints what it holds meanwhile. */
async function wholeCommand(): Promise<Time> {
  const begun = performance.now();
  const args = [folder, "-o", join(folder, "masks"), "--json", "--quiet", "--runtime", RUNTIME];
  const child = spawn(process.execPath, [join(BUILT, "cli", "main.js"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let [done, first, seconds, milliseconds] = [0, 0, 0, 0];
  for await (const _ of createInterface({ input: child.stdout })) {
    done++;
    if (done % EVERY === 0 || done === COUNT) {
      const resident = residentOf(child.pid as number);
      first ||= resident;
      const growth = `${resident >= first ? "+" : ""}${(resident - first).toFixed(0)}`;
      console.log(`${done} photographs: ${resident.toFixed(0)} MiB resident (${growth})`);
    }
    if (done < COUNT) continue;
    seconds = (performance.now() - begun) / 1000;
    milliseconds = processorTimeOf(child.pid as number);
  }
  if (done !== COUNT) throw new Error(`${done} masks of ${COUNT}`);
  return { seconds: seconds / COUNT, milliseconds: milliseconds / COUNT };
}

async function engineAlone(paths: readonly string[]): Promise<Time & { readonly start: Time }> {
  const started = stopwatch();
  const threads = availableParallelism();
  const workers = Array.from({ length: threads }, (_, i) => {
    const share: EngineShare = {
      built: BUILT,
      runtime: RUNTIME,
      paths: paths.filter((_, place) => place % threads === i),
      makers: Math.floor(MAX_GROUP / 2 / threads),
    };
    return new Worker(new URL("engine-thread.ts", import.meta.url), { workerData: share });
  });
  const said = () => Promise.all(workers.map((worker) => once(worker, "message")));
  await said();
  const start = started();
  const begun = stopwatch();
  const done = said();
  for (const worker of workers) worker.postMessage("begin");
  await done;
  const { seconds, milliseconds } = begun();
  await Promise.all(workers.map((worker) => worker.terminate()));
  const count = paths.length;
  return { seconds: seconds / count, milliseconds: milliseconds / count, start };
}

function stopwatch(): () => Time {
  const begun = performance.now();
  const usage = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(usage);
    return {
      seconds: (performance.now() - begun) / 1000,
      milliseconds: (user + system) / 1000,
    };
  };
}

/** MiB */
function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Milliseconds, of all threads (proc(5): utime and stime). */
function processorTimeOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}
