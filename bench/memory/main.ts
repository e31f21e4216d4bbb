// `npm run bench:memory [-- IMAGES WIDTH HEIGHT [form] [gpu]]`: what one isolate needs for a group.
//
// The real Worker runs in workerd, with WebAssembly's constructors watched. Photographs are stored
// first (`PUT /v1/images/{sha256}`) and a group names them; a large one is a job. With `form` they
// have the grain of phone photographs and come in one form, which is measured from its first byte on.
// With `gpu` the Worker sends the photographs on to a server on this machine, which answers with masks
// that mean nothing.
// While a group is computed, V8 is asked for its figures again and again; it answers whenever the Worker
// lets the event loop turn, which is before each run of a graph. The figure is
//
//   JavaScript objects + ArrayBuffers + WebAssembly memories
//
// first with garbage that V8 has not yet collected, then with all garbage collected before each
// sample: what has to be there. V8 in workerd leaves WebAssembly memories out of its own account
// (16 MiB more of them change no figure), so their sizes come from the instrument. Beside it stands
// the resident size of the whole workerd process, which has the compiled code of 14 MB of
// WebAssembly and workerd itself as well, but only those pages of a heap that were ever touched.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JobBody } from "../../src/app/schemas/job.ts";
import { fresh } from "../../test/photographs.ts";
import { machine } from "../machine.ts";
import { enlargedExample } from "../photographs.ts";
import { startGpuServer } from "./gpu-server.ts";
import type { HeapUsage } from "./inspector.ts";
import { heapsOf, MeasuredWorker, plainTexts, type Sample, totalOf } from "./measured-worker.ts";

/** The groups after these are measured with garbage collected before each sample. */
const COMMON_GROUPS = 2;
/** Milliseconds. */
const BETWEEN_SAMPLES = 20;
const [images = 12, width = 1200, height = 833] = process.argv.slice(2, 5).map(Number);
const modes = process.argv.slice(5);
const isForm = modes.includes("form");
const gpu = modes.includes("gpu") ? await startGpuServer() : undefined;
/** Grey levels; undefined: as little as makes a photograph. */
const grain = isForm ? 56 : undefined;
const root = join(import.meta.dirname, "..", "..");

// Made beforehand: it takes long, and connections would be closed meanwhile.
const photographs = await Promise.all(
  ["by-a-hedge", "in-a-wooden-box", "on-a-rock", "on-a-waste-bin"].map((name) =>
    enlargedExample(`cats/${name}.jpg`, width, height, grain),
  ),
);

const worker = await MeasuredWorker.start({
  config: join(root, "wrangler.toml"),
  entrypoint: join(import.meta.dirname, "worker.ts"),
  ...(gpu && { bindings: plainTexts(gpu.variables) }),
});

async function ask(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(`${worker.origin}${path}`, init);
  if (!response.ok) throw new Error(`${path}: ${response.status}: ${await response.text()}`);
  return response;
}

/** The photographs of a group. Each group differs, so that none is answered from the cache. */
function filesOf(group: number): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: images }, (_, i) =>
    fresh(photographs[i % photographs.length]!, `${group} ${i}`),
  );
}

function form(group: number): FormData {
  const body = new FormData();
  for (const [i, bytes] of filesOf(group).entries())
    body.append("image", new File([bytes], `${i}`));
  return body;
}

/** Stores a group's photographs. */
async function store(group: number): Promise<string> {
  const stored = [];
  for (const [i, bytes] of filesOf(group).entries()) {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await ask(`/v1/images/${sha256}`, { method: "PUT", body: bytes });
    stored.push({ id: `${i}.jpg`, sha256 });
  }
  return JSON.stringify({ images: stored });
}

/** Until a group's result is there: at once, or when its job is done. */
async function compute(body: string | FormData): Promise<void> {
  const headers: HeadersInit = isForm ? {} : { "content-type": "application/json" };
  const path = `/v1/groups${gpu ? "?backend=gpu" : ""}`;
  const response = await ask(path, { method: "POST", body, headers });
  let answer = (await response.json()) as JobBody;
  while (response.status === 202 && answer.status !== "succeeded") {
    if (answer.status === "failed") throw new Error(JSON.stringify(answer.problem));
    await new Promise((resolve) => setTimeout(resolve, 200));
    answer = (await (await ask(answer.links.self)).json()) as JobBody;
  }
}

/** Asks for a group and samples until it is computed. */
async function measure(body: string | FormData, collect: boolean) {
  let answered = false;
  const answer = compute(body).finally(() => {
    answered = true;
  });
  const samples: HeapUsage[] = [];
  while (!answered) {
    samples.push(await (collect ? worker.liveUsage() : worker.usage()));
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_SAMPLES));
  }
  await answer;
  const after = await worker.sample(collect);
  // Heaps only grow, and both live on after the group: their sizes now are their largest.
  const usages = samples.map((usage) => ({ ...usage, heaps: after.heaps }));
  const peak = usages.reduce((a, b) => (totalOf(b) > totalOf(a) ? b : a));
  return { peak, samples: samples.length, after };
}

const MEBIBYTE = 2 ** 20;
const mebibytes = (bytes: number) => (bytes / MEBIBYTE).toFixed(1).padStart(8);

function row(title: string, now: Sample): void {
  const heaps = now.heaps.map((bytes) => (bytes / MEBIBYTE).toFixed(1));
  console.log(
    `${title.padEnd(32)}${mebibytes(now.usedSize)}${mebibytes(now.backingStorageSize)}` +
      `${mebibytes(heapsOf(now))}${mebibytes(totalOf(now))}   ${heaps.join(" + ")}`,
  );
}

/** Highest resident size of the workerd process so far; Linux only. */
function residentPeak(): string {
  try {
    const { pid } = process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    for (const child of children) {
      const status = readFileSync(`/proc/${child}/status`, "utf8");
      if (/^Name:\s+workerd/m.test(status)) {
        const kibibytes = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]);
        return `${(kibibytes / 1024).toFixed(1)} MiB`;
      }
    }
  } catch {}
  return "unknown";
}

console.log(machine());
const bytes = photographs.reduce((sum, { length }) => sum + length, 0) / photographs.length;
console.log(
  `\n${images} JPEG photographs of ${width} x ${height}, ${(bytes / 1e6).toFixed(2)} MB each` +
    `${isForm ? ", in one form" : ""}` +
    `${gpu ? ", sent on to a GPU server" : ""}; MiB\n`,
);
console.log(`${"".padEnd(32)} objects buffers   heaps   total   of which WebAssembly heaps`);
row("before the first request", await worker.sample(false));
for (let group = 1; group <= COMMON_GROUPS + 1; group++) {
  const collect = group > COMMON_GROUPS;
  const { peak, samples, after } = await measure(
    isForm ? form(group) : await store(group),
    collect,
  );
  const title = `group ${group}${collect ? ", live only" : ""}`;
  row(`${title}, peak of ${samples}`, peak);
  row(`${title}, answered`, after);
}
console.log(`\nresident size of the workerd process, at most: ${residentPeak()}`);

await worker.stop();
gpu?.stop();
