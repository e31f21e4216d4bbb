// `npm run bench:stages [-- IMAGES WIDTH HEIGHT]`: where the time of a group goes, per stage and
// image, on one thread. Measured in Node on the same WebAssembly as in a Worker, since a Worker's
// clock stands still while it computes. The first group warms the compiler up and is not counted.
import { readFile } from "node:fs/promises";
import { type InputFormat, maskRows, measureMask } from "../src/codec/index.ts";
import { nodeDecoder } from "../src/codec/node.ts";
import { toTensor } from "../src/codec/resample.ts";
import { createSegmenter, type ImageInput, type Runtime } from "../src/engine/index.ts";
import { nodeRuntime } from "../src/engine/runtime/node.ts";
import { machine } from "./machine.ts";
import { syntheticPhotograph } from "./photographs.ts";

const ROUNDS = 3;
const MODEL = new URL("../models/cosal-lite/", import.meta.url);
const [count = 12, width = 1200, height = 833] = process.argv.slice(2).map(Number);

const totals = new Map<string, { milliseconds: number; runs: number }>();

async function timed<T>(stage: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  const total = totals.get(stage) ?? { milliseconds: 0, runs: 0 };
  total.milliseconds += performance.now() - start;
  total.runs++;
  totals.set(stage, total);
  return result;
}

/** Graphs are told apart by the bytes they are opened with. */
function timedRuntime(runtime: Runtime, nameOf: (graph: Uint8Array) => string): Runtime {
  return {
    async open(graph) {
      const name = nameOf(graph);
      const session = await timed(`open ${name}`, () => runtime.open(graph));
      return {
        run: (inputs) => timed(`graph ${name}`, () => session.run(inputs)),
        close: () => session.close(),
      };
    },
  };
}

const images: ImageInput[] = [];
for (let i = 0; i < count; i++) {
  images.push({ id: `${i}.jpg`, bytes: await syntheticPhotograph(width, height, i) });
}
const names = new Map<Uint8Array, string>();
const decoder = nodeDecoder();
const segmenter = await createSegmenter({
  model: async (name) => {
    const bytes = new Uint8Array(await readFile(new URL(name, MODEL)));
    names.set(bytes, name);
    return bytes;
  },
  runtime: timedRuntime(nodeRuntime(), (graph) => names.get(graph) ?? "?"),
  decoder: {
    ...decoder,
    sample: (bytes, format, into) =>
      timed("JPEG to tensor", () => decoder.sample(bytes, format, into)),
  },
});

for (let round = 0; round <= ROUNDS; round++) {
  if (round === 1) for (const key of totals.keys()) if (!key.startsWith("open")) totals.delete(key);
  await timed("whole group", async () => {
    for await (const mask of segmenter.segment(images)) {
      await timed("coverage and box", () => measureMask(mask.logits, mask.width, mask.height));
      await timed("mask rows alone", () => {
        for (const row of maskRows(mask.logits, mask.width, mask.height)) row.length;
      });
      await timed("mask to PNG", () => mask.png());
    }
  });
}
const pixels = await decoder.decode(images[0]?.bytes as Uint8Array);
const format: InputFormat = segmenter.manifest.input;
for (let i = 0; i < 20; i++) await timed("resize alone", () => toTensor(pixels, format));

console.log(machine());
console.log(`\n${count} JPEG photographs of ${width} x ${height}, ${segmenter.name}, one thread\n`);
console.log(`${"".padEnd(24)}  runs   mean ms`);
for (const [stage, { milliseconds, runs }] of totals) {
  const mean = (milliseconds / runs).toFixed(1).padStart(9);
  console.log(`${stage.padEnd(24)}${String(runs).padStart(6)} ${mean}`);
}
