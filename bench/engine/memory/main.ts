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
import { machine } from "../../machine.ts";
import { heapsOf, MeasuredWorker, totalOf } from "../../memory/measured-worker.ts";
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

const worker = await MeasuredWorker.start({
  config: join(import.meta.dirname, "wrangler.toml"),
  assets: models,
});

/** The largest sample while a group is segmented. */
async function peakOf(images: number, from: string) {
  let answered = false;
  const answer = fetch(`${worker.origin}/group?images=${images}&from=${encodeURIComponent(from)}`)
    .then(async (response) => {
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    })
    .finally(() => {
      answered = true;
    });
  let peak = await worker.sample(true);
  while (!answered) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_SAMPLES));
    const now = await worker.sample(true);
    if (totalOf(now) > totalOf(peak)) peak = now;
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
      `${megabytes(heapsOf(peak))}${megabytes(totalOf(peak))}   ` +
      peak.heaps.map((bytes) => (bytes / MEGABYTE).toFixed(1)).join(" + "),
  );
}

await worker.stop();
photographServer.close();
