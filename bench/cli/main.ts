// `npm run bench:cli [-- --count 500] [--every 100] [--runtime native]`: many photographs of 1 megapixel in
// one call of `cosal`: what its process holds, and photographs a second beside the engine alone.
//
// Photographs are examples/, enlarged, each a file of its own. The engine alone does the same work on as
// many threads, and writes nothing: it reads each file, learns the consensus, and computes a mask of each.
// It is loaded before its time begins; the command's time has its start. One half of the engine's
// photographs is masked before the command runs, and one after it, so that a machine that becomes slower
// is slower for both.
import { spawn } from "node:child_process";
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
const folder = await mkdtemp(join(tmpdir(), "cosal-bench-"));
try {
  const paths = await writePhotographs(folder, COUNT);
  const before = await engineAlone(paths.filter((_, place) => place % 2 === 0));
  const cosal = await wholeCommand();
  const after = await engineAlone(paths.filter((_, place) => place % 2 === 1));
  const engine = 2 / (1 / before + 1 / after);
  const each = `${before.toFixed(1)} before, ${after.toFixed(1)} after`;
  console.log(`engine alone: ${engine.toFixed(1)} photographs a second (${each})`);
  console.log(`cosal: ${cosal.toFixed(1)}, ratio ${(cosal / engine).toFixed(2)}`);
} finally {
  await rm(folder, { recursive: true });
}

/** Photographs a second, from the start of the process to the last mask; prints what it holds meanwhile. */
async function wholeCommand(): Promise<number> {
  const begun = performance.now();
  const args = [folder, "-o", join(folder, "masks"), "--json", "--quiet", "--runtime", RUNTIME];
  const child = spawn(process.execPath, [join(ROOT, "src", "cli", "main.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let [done, first, seconds] = [0, 0, 0];
  for await (const _ of createInterface({ input: child.stdout })) {
    done++;
    if (done % EVERY === 0 || done === COUNT) {
      const resident = residentOf(child.pid as number);
      first ||= resident;
      const growth = `${resident >= first ? "+" : ""}${(resident - first).toFixed(0)}`;
      console.log(`${done} photographs: ${resident.toFixed(0)} MiB resident (${growth})`);
    }
    if (done === COUNT) seconds = (performance.now() - begun) / 1000;
  }
  if (done !== COUNT) throw new Error(`${done} masks of ${COUNT}`);
  return COUNT / seconds;
}

/** Photographs a second. */
async function engineAlone(paths: readonly string[]): Promise<number> {
  const threads = availableParallelism();
  const workers = Array.from({ length: threads }, (_, i) => {
    const share: EngineShare = {
      runtime: RUNTIME,
      paths: paths.filter((_, place) => place % threads === i),
      makers: Math.floor(MAX_GROUP / 2 / threads),
    };
    return new Worker(new URL("engine-thread.ts", import.meta.url), { workerData: share });
  });
  const said = () => Promise.all(workers.map((worker) => once(worker, "message")));
  await said();
  const begun = performance.now();
  const done = said();
  for (const worker of workers) worker.postMessage("begin");
  await done;
  const seconds = (performance.now() - begun) / 1000;
  await Promise.all(workers.map((worker) => worker.terminate()));
  return paths.length / seconds;
}

/** MiB */
function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
