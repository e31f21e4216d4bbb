// `npm run bench:makers -- FOLDER [--sizes 4,8,16,32,64]`: what it costs to learn a consensus from some of
// a set's photographs and to apply it to all of them.
//
// FOLDER holds sets: a folder each, photographs `.jpg` with drawn masks `.png` of the same name. The
// makers are spread over the set as `representatives` chooses them, or the first ones. J is the
// intersection over union at 0.5, mean over all photographs of a set, makers or not.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { maskRows } from "../../src/codec/index.ts";
import { nodeDecoder } from "../../src/codec/node.ts";
import { modelFolder } from "../../src/engine/host/node.ts";
import { createSegmenter, type ImageInput, type ImageMask } from "../../src/engine/index.ts";
import { nativeRuntime } from "../../src/engine/runtime/native.ts";
import { representatives } from "../../src/group/representatives.ts";
import { machine } from "../machine.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sizes: { type: "string", default: "4,8,16,32,64" } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error("Which folder of sets?");
const SIZES = values.sizes.split(",").map(Number);

const decoder = nodeDecoder();
const kept = new Map<string, Uint8Array>();
const segmenter = await createSegmenter({
  model: modelFolder(join(import.meta.dirname, "..", "..", "models", "cosal-lite")),
  runtime: await nativeRuntime({ threads: 1 }),
  decoder,
  features: {
    get: async (key) => kept.get(key),
    put: async (key, bytes) => void kept.set(key, bytes),
  },
});

interface Photograph extends ImageInput {
  readonly drawn: Uint8Array;
}

async function photographsOf(set: string): Promise<Photograph[]> {
  const names = (await readdir(set)).filter((name) => name.endsWith(".jpg")).sort();
  return Promise.all(
    names.map(async (id) => {
      const mask = await readFile(join(set, id.replace(/jpg$/, "png")));
      const { width, height, data } = await decoder.decode(new Uint8Array(mask));
      const drawn = Uint8Array.from({ length: width * height }, (_, i) =>
        (data[4 * i] as number) > 127 ? 1 : 0,
      );
      return { id, bytes: new Uint8Array(await readFile(join(set, id))), drawn };
    }),
  );
}

function overlap({ logits, width, height }: ImageMask, drawn: Uint8Array): number {
  let [both, either, at] = [0, 0, 0];
  for (const row of maskRows(logits, width, height)) {
    for (const value of row) {
      const [found, wanted] = [value > 127, drawn[at++] === 1];
      if (found && wanted) both++;
      if (found || wanted) either++;
    }
  }
  return either === 0 ? 1 : both / either;
}

/** Mean J of all photographs, with the consensus of some. */
async function measured(all: readonly Photograph[], makers: readonly Photograph[]) {
  const consensus = await segmenter.consensus(makers);
  let sum = 0;
  let i = 0;
  for await (const mask of segmenter.segmentWith(consensus, all)) {
    sum += overlap(mask, (all[i++] as Photograph).drawn);
  }
  return sum / all.length;
}

console.log(machine());
const rows: Record<string, Record<string, number | string>> = {};
const sums = new Map<string, number[]>();
for (const set of (await readdir(folder)).sort()) {
  kept.clear();
  const all = await photographsOf(join(folder, set));
  const row: Record<string, number | string> = { photographs: all.length };
  const note = (name: string, value: number) => {
    row[name] = value.toFixed(3);
    sums.set(name, [...(sums.get(name) ?? []), value]);
  };
  for (const size of SIZES) {
    const spread = representatives(all.length, size).map((place) => all[place] as Photograph);
    note(`${size} spread`, await measured(all, spread));
    if (size < 32) note(`first ${size}`, await measured(all, all.slice(0, size)));
  }
  rows[set] = row;
  console.log(set, JSON.stringify(row));
}
rows.mean = Object.fromEntries(
  [...sums].map(([name, of]) => [name, (of.reduce((a, b) => a + b, 0) / of.length).toFixed(3)]),
);
console.table(rows);
