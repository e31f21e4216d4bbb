// `npm run bench:foreground -- FOLDER [--count 6]`: how well the colours of soft edges are freed of the
// old background, and how long it takes.
//
// FOLDER holds groups: a folder each, photographs `.jpg` with drawn masks `.png` of the same name. An
// object's colours are known inside its drawn mask, and continued beyond it by the nearest one.
// "soft" are composites of known alpha: drawn masks blurred by so many pixels, before a photograph of
// another group. "engine" are the photographs as they are, with the masks of cosal-lite.
//
// The error is that of the cut-out laid on black and on white, in levels of 255, over the pixels whose
// mask is between 0 and 1 (of the engine's, those within 8 pixels of the drawn outline: elsewhere the
// mask is wrong, not the colour): its mean, and what 95 of 100 pixels stay below.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { foregroundOf } from "../../src/codec/output/foreground/foreground.ts";
import { estimateLayers, type MattedImage } from "../../src/codec/output/foreground/multilevel.ts";
import { runInPieces } from "../../src/codec/output/paced.ts";
import type { Pixels } from "../../src/codec/types.ts";
import { machine } from "../machine.ts";
import { blurFusion } from "./blur-fusion.ts";
import { composites, masked, type Subject } from "./subjects.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "6" } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error("Which folder of groups?");
const COUNT = Number(values.count);

/** Colours 0..255, 3 a pixel. */
type Method = (subject: Subject) => Uint8Array | Promise<Uint8Array>;

const METHODS: Readonly<Record<string, Method>> = {
  "as photographed": ({ pixels, alpha }) => withoutAlpha(pixels.data, alpha.length),
  "blur fusion, radii 90 and 6": (subject) => bytesOf(blurFusion(mattedImage(subject))),
  "multi-level, whole size": async (subject) => {
    const layers = await runInPieces(estimateLayers(mattedImage(subject)), undefined);
    return bytesOf(layers.foreground);
  },
  "multi-level at 320": estimatedAt(320, 1),
  "multi-level at 160": estimatedAt(160, 1),
  "multi-level at 80": estimatedAt(80, 1),
  "at 320, edges 3 x as steep": estimatedAt(320, 3),
  "at 160, edges 2 x as steep": estimatedAt(160, 2),
  "at 160, edges 3 x as steep": estimatedAt(160, 3),
  "at 160, edges 5 x as steep": estimatedAt(160, 5),
};

function estimatedAt(side: number, steepness: number): Method {
  return async ({ pixels, alpha }) => {
    const { width, height } = pixels;
    const masks = Array.from({ length: height }, (_, y) =>
      alpha.subarray(y * width, (y + 1) * width),
    );
    const foreground = await foregroundOf(pixels, masks, undefined, { side, steepness });
    const bytes = new Uint8Array(pixels.data.length);
    let at = 0;
    for (const row of foreground.rows()) {
      bytes.set(row, at);
      at += row.length;
    }
    return withoutAlpha(bytes, alpha.length);
  };
}

function withoutAlpha(data: Pixels["data"], count: number): Uint8Array {
  const colours = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) colours[3 * i + c] = data[4 * i + c] as number;
  }
  return colours;
}

function mattedImage({ pixels: { width, height, data }, alpha }: Subject): MattedImage {
  const colours = Float32Array.from(
    { length: 3 * alpha.length },
    (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]! / 255,
  );
  return { width, height, colours, alpha: Float32Array.from(alpha, (value) => value / 255) };
}

const bytesOf = (colours: Float32Array) =>
  Uint8Array.from(colours, (value) => Math.round(255 * value));

/** How often each error occurs: on black an error of colour counts alpha times, and on white too. */
class Errors {
  readonly #counts = new Float64Array(256);
  #sum = 0;
  #count = 0;
  milliseconds = 0;
  megapixels = 0;

  add({ alpha, truth, counts }: Subject, colours: Uint8Array): void {
    for (let i = 0; i < alpha.length; i++) {
      const a = alpha[i] as number;
      if (a === 0 || a === 255 || !counts[i]) continue;
      let worst = 0;
      for (let c = 0; c < 3; c++) {
        const error = (a / 255) * Math.abs(colours[3 * i + c]! - truth[3 * i + c]!);
        this.#sum += error / 3;
        worst = Math.max(worst, error);
      }
      this.#count++;
      this.#counts[Math.round(worst)]!++;
    }
  }

  row(): Record<string, number> {
    let left = 0.05 * this.#count;
    let level = 255;
    for (; left > (this.#counts[level] as number); level--) left -= this.#counts[level] as number;
    return {
      mean: round(this.#sum / this.#count, 2),
      "95 %": level,
      "ms/megapixel": round(this.milliseconds / this.megapixels, 0),
    };
  }
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

console.log(machine());
const model = join(import.meta.dirname, "..", "..", "models", "cosal-lite");
const cases: Readonly<Record<string, () => AsyncIterable<Subject>>> = {
  "soft by 1 pixel": () => composites(folder, COUNT, 1),
  "soft by 4 pixels": () => composites(folder, COUNT, 4),
  "soft by 10 pixels": () => composites(folder, COUNT, 10),
  engine: () => masked(folder, COUNT, model),
};
for (const [name, subjects] of Object.entries(cases)) {
  const errors = new Map(Object.keys(METHODS).map((method) => [method, new Errors()]));
  let count = 0;
  for await (const subject of subjects()) {
    count++;
    for (const [method, run] of Object.entries(METHODS)) {
      const of = errors.get(method) as Errors;
      const begun = process.cpuUsage();
      const colours = await run(subject);
      const { user, system } = process.cpuUsage(begun);
      of.milliseconds += (user + system) / 1000;
      of.megapixels += subject.alpha.length / 1e6;
      of.add(subject, colours);
    }
  }
  console.log(`\n${name}, ${count} photographs`);
  console.table(Object.fromEntries([...errors].map(([method, of]) => [method, of.row()])));
}
