// `node bench/quantisation/main.ts FOLDER...`: model folders (training's studies/quantisation.py writes
// them; the first is the reference) in onnxruntime-web, WASM, one thread. Milliseconds of encoder and
// decoder per image, bytes, and how far the masks of the golden pictures move. Folders take turns, so
// that whatever else the machine does meets them alike.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { toTensor } from "../../src/codec/resample.ts";
import { describeModel, type ModelFiles } from "../../src/engine/index.ts";
import { nodeRuntime } from "../../src/engine/runtime/node.ts";
import type { Session, Tensors } from "../../src/engine/runtime/runtime.ts";
import { flippedPixels, Golden } from "../../test/golden.ts";
import { machine } from "../machine.ts";

const ROUNDS = 40;

interface Variant {
  readonly name: string;
  readonly bytes: number;
  readonly encoder: Session;
  readonly decoder: Session;
  readonly golden: Golden;
  readonly image: Tensors;
  readonly features: Tensors;
  readonly milliseconds: { encoder: number[]; decoder: number[] };
}

async function open(folder: string): Promise<Variant> {
  const files: ModelFiles = async (name) => new Uint8Array(await readFile(`${folder}/${name}`));
  const { manifest } = await describeModel(files);
  const { input, graphs, consensus } = manifest;
  const golden = new Golden(
    JSON.parse(await readFile(`${folder}/golden.json`, "utf8")),
    (await files("golden.bin")).buffer as ArrayBuffer,
  );
  const runtime = nodeRuntime();
  const encoder = await runtime.open(await files(graphs.encoder.file));
  const decoder = await runtime.open(await files(graphs.decoder.file));
  const image = {
    image: { data: toTensor(golden.picture(0), input), dims: [1, 3, input.height, input.width] },
  };
  const encoded = await encoder.run(image);
  const given = {
    ...encoded,
    consensus: { data: golden.floats("consensus"), dims: consensus.shape },
  };
  const wanted = Object.keys(graphs.decoder.inputs);
  return {
    name: basename(folder),
    bytes: Object.values(graphs).reduce((sum, graph) => sum + (graph?.bytes ?? 0), 0),
    encoder,
    decoder,
    golden,
    image,
    features: Object.fromEntries(wanted.map((name) => [name, given[name as keyof typeof given]])),
    milliseconds: { encoder: [], decoder: [] },
  };
}

async function timed<T>(into: number[], work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  into.push(performance.now() - start);
  return result;
}

const quantile = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] as number;

const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error("name the model folders to measure");
const variants: Variant[] = [];
for (const folder of folders) variants.push(await open(folder));

const masks = new Map<string, Float32Array>();
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, encoder, decoder, image, features, milliseconds } of variants) {
    await timed(milliseconds.encoder, () => encoder.run(image));
    const { logits } = await timed(milliseconds.decoder, () => decoder.run(features));
    masks.set(name, logits?.data as Float32Array);
  }
}

console.log(machine());
console.log(`\n${ROUNDS} rounds, WASM, one thread: median (fastest) ms per image\n`);
console.log(`${"".padEnd(22)}      bytes        encoder        decoder  pixels moved`);
const reference = masks.get((variants[0] as Variant).name) as Float32Array;
for (const { name, bytes, milliseconds } of variants) {
  const times = [milliseconds.encoder, milliseconds.decoder].map((values) =>
    `${quantile(values, 0.5).toFixed(1)} (${quantile(values, 0).toFixed(1)})`.padStart(15),
  );
  const moved = `${(100 * flippedPixels(masks.get(name) as Float32Array, reference)).toFixed(2)} %`;
  console.log(
    `${name.padEnd(22)} ${String(bytes).padStart(10)}${times.join("")} ${moved.padStart(13)}`,
  );
}
