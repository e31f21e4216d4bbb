// `npm run bench:cli [-- --count 500] [--every 100] [--runtime native]`: many photographs of 1 megapixel in
// one call of `cosal`: what its process holds, and what it takes beside the engine.
//
// Photographs are examples/, enlarged, each a file of its own. The engine alone does the same work in
// this process, one photograph after another, files read beforehand: the consensus of the makers, and a
// mask of each. Times are processor time, as on a machine whose cores have nothing else to do; so the
// ratio is that of photographs a second.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { openRuntime } from "../../src/cli/engine/runtime.ts";
import type { RuntimeName } from "../../src/cli/engine/runtime-name.ts";
import { nodeDecoder } from "../../src/codec/node.ts";
import { modelFolder } from "../../src/engine/host/node.ts";
import { createSegmenter, type ImageInput, MAX_GROUP } from "../../src/engine/index.ts";
import { representatives } from "../../src/group/representatives.ts";
import { machine } from "../machine.ts";
import { enlargedExample } from "../photographs.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const EXAMPLES = ["by-a-hedge", "in-a-wooden-box", "on-a-rock", "on-a-waste-bin"];
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
const folder = await mkdtemp(join(tmpdir(), "cosal-bench-"));
try {
  const photographs = await photographsIn(join(folder));
  const cosal = await wholeCommand();
  const engine = await engineAlone(photographs);
  console.log(`engine alone: ${engine.toFixed(0)} ms of processor time for a photograph`);
  console.log(`cosal: ${cosal.toFixed(0)} ms, ratio ${(engine / cosal).toFixed(2)}`);
} finally {
  await rm(folder, { recursive: true });
}

/** Bytes after a JPEG's end make it a file of its own. */
async function photographsIn(into: string): Promise<ImageInput[]> {
  const files = await Promise.all(
    EXAMPLES.map((name) => enlargedExample(`cats/${name}.jpg`, 1200, 833)),
  );
  const photographs: ImageInput[] = [];
  for (let i = 0; i < COUNT; i++) {
    const file = files[i % files.length] as Uint8Array;
    const id = `${String(i).padStart(5, "0")}.jpg`;
    const bytes = Buffer.concat([file, Buffer.from(id)]);
    await writeFile(join(into, id), bytes);
    photographs.push({ id, bytes });
  }
  return photographs;
}

/** Processor time for a photograph, in milliseconds; prints what the process holds meanwhile. */
async function wholeCommand(): Promise<number> {
  const args = [folder, "-o", join(folder, "masks"), "--json", "--quiet", "--runtime", RUNTIME];
  const child = spawn(process.execPath, [join(ROOT, "src", "cli", "main.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let [done, first, milliseconds] = [0, 0, 0];
  for await (const _ of createInterface({ input: child.stdout })) {
    done++;
    if (done % EVERY === 0 || done === COUNT) {
      const resident = residentOf(child.pid as number);
      first ||= resident;
      const growth = `${resident >= first ? "+" : ""}${(resident - first).toFixed(0)}`;
      console.log(`${done} photographs: ${resident.toFixed(0)} MiB resident (${growth})`);
    }
    if (done === COUNT) milliseconds = processorTimeOf(child.pid as number);
  }
  if (done !== COUNT) throw new Error(`${done} masks of ${COUNT}`);
  return milliseconds / COUNT;
}

async function engineAlone(photographs: readonly ImageInput[]): Promise<number> {
  const kept = new Map<string, Uint8Array>();
  const segmenter = await createSegmenter({
    model: modelFolder(join(ROOT, "models", "cosal-lite")),
    runtime: await openRuntime(RUNTIME),
    decoder: nodeDecoder(),
    features: {
      get: async (key) => kept.get(key),
      put: async (key, bytes) => void kept.set(key, bytes),
    },
  });
  const makers = representatives(COUNT, MAX_GROUP).map((at) => photographs[at] as ImageInput);
  const begun = process.cpuUsage();
  const consensus = await segmenter.consensus(makers);
  for (const photograph of photographs) {
    for await (const _ of segmenter.segmentWith(consensus, [photograph]));
  }
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000 / COUNT;
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
