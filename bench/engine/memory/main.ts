// `npm run bench:engine:memory [-- MODELS]`: what the engine needs in a Worker, by size of the group
// and of its photographs. As `npm run bench:memory`, but without the app and its stores: the engine
// alone, which loads each photograph when its turn comes.
//
//   JavaScript objects + ArrayBuffers + WebAssembly memories
//
// at the peak, all garbage collected before each sample: what has to be there. Objects, buffers are
// V8's own figures, the memories' sizes come from the instrument.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { unstable_startWorker } from "wrangler";
import { machine } from "../../machine.ts";
import { Inspector } from "../../memory/inspector.ts";
import { syntheticPhotograph } from "../../photographs.ts";

/** Groups one after another in one isolate, so each row's heaps are those of the rows above too. */
const GROUPS: readonly (readonly [images: number, width: number, height: number])[] = [
  [2, 1200, 833],
  [16, 1200, 833],
  [64, 1200, 833],
  [2, 4000, 3000],
  [16, 4000, 3000],
  [64, 4000, 3000],
];
const MEGABYTE = 1e6;
const DISTINCT = 2;
/** Milliseconds. */
const BETWEEN_SAMPLES = 50;

const root = join(import.meta.dirname, "..", "..", "..");
const models = resolve(process.argv[2] ?? join(root, "models"));
process.env.MINIFLARE_WORKERD_V8_FLAGS = "--expose-gc";
process.env.WRANGLER_SEND_METRICS ??= "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

// Made beforehand: it takes long, and connections would be closed meanwhile.
const photographs = new Map<string, Uint8Array[]>();
for (const [, width, height] of GROUPS) {
  const size = `${width}x${height}`;
  if (photographs.has(size)) continue;
  photographs.set(size, []);
  for (let seed = 0; seed < DISTINCT; seed++) {
    photographs.get(size)?.push(await syntheticPhotograph(width, height, seed));
  }
}
const photographServer = createServer(({ url }, response) => {
  const [, size = "", index] = url?.split("/") ?? [];
  response.end(photographs.get(size)?.[Number(index) % DISTINCT]);
}).listen(0, "127.0.0.1");
await once(photographServer, "listening");
const from = `http://127.0.0.1:${(photographServer.address() as AddressInfo).port}`;

const worker = await unstable_startWorker({
  config: join(import.meta.dirname, "wrangler.toml"),
  assets: models,
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

async function sample() {
  const response = await fetch(`${origin}/heaps?collect`);
  const heaps = (await response.json()) as number[];
  const { usedSize, backingStorageSize } = await inspector.heapUsage();
  const memories = heaps.reduce((sum, bytes) => sum + bytes, 0);
  const total = usedSize + backingStorageSize + memories;
  return { usedSize, backingStorageSize, memories, heaps, total };
}

/** The largest sample while a group is segmented. */
async function peakOf(images: number, from: string) {
  let answered = false;
  const answer = fetch(`${origin}/group?images=${images}&from=${encodeURIComponent(from)}`)
    .then(async (response) => {
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    })
    .finally(() => {
      answered = true;
    });
  let peak = await sample();
  while (!answered) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_SAMPLES));
    const now = await sample();
    if (now.total > peak.total) peak = now;
  }
  await answer;
  return peak;
}

const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1).padStart(9);

console.log(`${machine()}\n\nPeak in MB (10^6 bytes), model from ${models}\n`);
console.log("images  photograph   objects  buffers    heaps    total   of which WebAssembly heaps");
for (const [images, width, height] of GROUPS) {
  const size = `${width}x${height}`;
  const peak = await peakOf(images, `${from}/${size}`);
  console.log(
    `${String(images).padStart(6)}  ${size.padEnd(10)}` +
      `${megabytes(peak.usedSize)}${megabytes(peak.backingStorageSize)}` +
      `${megabytes(peak.memories)}${megabytes(peak.total)}   ` +
      peak.heaps.map((bytes) => (bytes / MEGABYTE).toFixed(1)).join(" + "),
  );
}

inspector.close();
await worker.dispose();
photographServer.close();
