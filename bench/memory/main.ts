// `npm run bench:memory [-- IMAGES WIDTH HEIGHT]`: what one isolate needs for a group.
//
// The real Worker runs in workerd, with WebAssembly's constructors watched. While a group is
// computed, V8 is asked for its figures again and again; it answers whenever the Worker lets the
// event loop turn, which is before each run of a graph. The figure is
//
//   JavaScript objects + ArrayBuffers + WebAssembly memories
//
// first with garbage that V8 has not yet collected, then with all garbage collected before each
// sample: what has to be there. V8 in workerd leaves WebAssembly memories out of its own account
// (16 MiB more of them change no figure), so their sizes come from the instrument. Beside it stands
// the resident size of the whole workerd process, which has the compiled code of 14 MB of
// WebAssembly and workerd itself as well, but only those pages of a heap that were ever touched.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unstable_startWorker } from "wrangler";
import { machine } from "../machine.ts";
import { syntheticPhotograph } from "../photographs.ts";
import { type HeapUsage, Inspector } from "./inspector.ts";

interface Sample extends HeapUsage {
  readonly heaps: readonly number[];
}

/** The groups after these are measured with garbage collected before each sample. */
const COMMON_GROUPS = 3;
const [images = 12, width = 1200, height = 833] = process.argv.slice(2).map(Number);
const root = join(import.meta.dirname, "..", "..");
process.env.MINIFLARE_WORKERD_V8_FLAGS = "--expose-gc";
process.env.WRANGLER_SEND_METRICS ??= "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

/** Made beforehand: each group differs, so that none is answered from the cache. */
const groups: FormData[] = [];
for (const seed of [100, 200, 300, 400]) {
  const form = new FormData();
  for (let i = 0; i < images; i++) {
    const bytes = await syntheticPhotograph(width, height, seed + i);
    form.append("image", new File([bytes], `${i}.jpg`));
  }
  groups.push(form);
}

const worker = await unstable_startWorker({
  config: join(root, "wrangler.toml"),
  entrypoint: join(import.meta.dirname, "worker.ts"),
  dev: {
    server: { hostname: "127.0.0.1", port: 0 },
    inspector: { hostname: "127.0.0.1", port: 0 },
    logLevel: "error",
    persist: false,
    watch: false,
  },
});
await worker.ready;
const { origin } = await worker.url;
const inspector = await Inspector.connect((await worker.inspectorUrl) as URL);

/** @param collect whether garbage is collected first */
async function sample(collect: boolean): Promise<Sample> {
  const response = await fetch(`${origin}/heaps${collect ? "?collect" : ""}`);
  const heaps = (await response.json()) as number[];
  return { ...(await inspector.heapUsage()), heaps };
}

const heapsOf = ({ heaps }: Sample) => heaps.reduce((sum, bytes) => sum + bytes, 0);
const totalOf = (now: Sample) => now.usedSize + now.backingStorageSize + heapsOf(now);

/** Posts a group and samples until the answer is there. */
async function measure(form: FormData, collect: boolean) {
  let answered = false;
  const answer = fetch(`${origin}/v1/groups`, { method: "POST", body: form })
    .then(async (response) => {
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    })
    .finally(() => {
      answered = true;
    });
  const samples: HeapUsage[] = [];
  while (!answered) samples.push(await (collect ? sample(true) : inspector.heapUsage()));
  await answer;
  const after = await sample(collect);
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
console.log(`\n${images} JPEG photographs of ${width} x ${height}; MiB\n`);
console.log(`${"".padEnd(32)} objects buffers   heaps   total   of which WebAssembly heaps`);
row("before the first request", await sample(false));
for (const [i, group] of groups.entries()) {
  const collect = i >= COMMON_GROUPS;
  const { peak, samples, after } = await measure(group, collect);
  const title = `group ${i + 1}${collect ? ", live only" : ""}`;
  row(`${title}, peak of ${samples}`, peak);
  row(`${title}, answered`, after);
}
console.log(`\nresident size of the workerd process, at most: ${residentPeak()}`);

inspector.close();
await worker.dispose();
