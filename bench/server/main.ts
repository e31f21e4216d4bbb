// `npm run bench:server [-- IMAGES]`: groups a second of the server when 8 callers send at once,
// against one caller who sends one group after another; over HTTP on this machine, each photograph
// new to the server. Both kinds of round alternate, so that a busy machine hurts both.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../../src/server/server.ts";
import { createLogger } from "../../src/server/telemetry/log.ts";
import { machine } from "../machine.ts";
import { syntheticPhotograph } from "../photographs.ts";

const CALLERS = 8;
const ROUNDS = 3;
const [WIDTH, HEIGHT] = [640, 480];
const images = Number(process.argv[2] ?? 5);
const runtime =
  process.env.RUNTIME === "webgpu" || process.env.RUNTIME === "wasm"
    ? process.env.RUNTIME
    : "native";

let seed = 1;
async function newGroup(): Promise<FormData> {
  const form = new FormData();
  for (let i = 0; i < images; i++) {
    const bytes = await syntheticPhotograph(WIDTH, HEIGHT, seed++);
    form.append("image", new File([bytes], `${i}.jpg`));
  }
  return form;
}

const data = await mkdtemp(join(tmpdir(), "cosal-bench-"));
const silent = createLogger({ write() {} });
const options = { runtime, host: "127.0.0.1", port: 0, data, dataBytes: 2 ** 30 } as const;
const server = await startServer(options, silent);

/** Milliseconds that one group takes. */
async function send(form: FormData): Promise<number> {
  const start = performance.now();
  const response = await fetch(`${server.url}/v1/groups`, { method: "POST", body: form });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  return performance.now() - start;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.split(" ").at(-1));
}

interface Row {
  seconds: number;
  latencies: number[];
  encoded: number;
  batches: number;
}

async function round(row: Row, work: (groups: FormData[]) => Promise<number[]>): Promise<void> {
  const groups: FormData[] = [];
  for (let i = 0; i < CALLERS; i++) groups.push(await newGroup());
  const before = [await metric("cosal_batch_images_sum"), await metric("cosal_batch_images_count")];
  const start = performance.now();
  row.latencies.push(...(await work(groups)));
  row.seconds += (performance.now() - start) / 1000;
  row.encoded += (await metric("cosal_batch_images_sum")) - before[0]!;
  row.batches += (await metric("cosal_batch_images_count")) - before[1]!;
}

const empty = (): Row => ({ seconds: 0, latencies: [], encoded: 0, batches: 0 });
const [alone, together] = [empty(), empty()];
const oneByOne = async (groups: FormData[]) => {
  const latencies: number[] = [];
  for (const group of groups) latencies.push(await send(group));
  return latencies;
};
const atOnce = (groups: FormData[]) => Promise.all(groups.map(send));

await round(empty(), atOnce);
for (let i = 0; i < ROUNDS; i++) {
  await round(alone, oneByOne);
  await round(together, atOnce);
}
const device = server.device.status.device;
await server.stop(0);
await rm(data, { recursive: true });

console.log(machine());
console.log(`runtime ${device?.runtime}: ${device?.name}`);
console.log(
  `\n${ROUNDS} rounds of ${CALLERS} groups of ${images} JPEGs of ${WIDTH} x ${HEIGHT}, over HTTP\n`,
);
console.log("                 groups/s  images/s  median ms  p95 ms  images per encoder run");
for (const [name, row] of Object.entries({ "one at a time": alone, "8 at once": together })) {
  const sorted = row.latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const groups = sorted.length / row.seconds;
  console.log(
    name.padEnd(14) +
      groups.toFixed(2).padStart(11) +
      (groups * images).toFixed(1).padStart(10) +
      at(0.5).toFixed(0).padStart(11) +
      at(0.95).toFixed(0).padStart(8) +
      (row.encoded / row.batches).toFixed(1).padStart(24),
  );
}
console.log(`\n8 at once: ${(alone.seconds / together.seconds).toFixed(2)} times the throughput`);
