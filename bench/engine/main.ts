// `npm run bench:engine [-- --model DIR] [--rounds N] [--imgly]`: time per image by runtime and size
// of the group, and where it goes.
//
// Photographs are JPEGs of 1 megapixel: examples/, enlarged. Times are processor time on one thread: what a clock says on
// an idle machine. A round runs every runtime with every size of group, one after the other, so that
// what else the machine does falls on all of them; ratios are taken within a round, and the median
// of the rounds is printed. Loading and the first group are not counted.
//
// --imgly compares with @imgly/background-removal-node, which is installed into a temporary folder
// (60 MB to download) and removed again.
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ImageInput } from "../../src/engine/index.ts";
import { nativeRuntime } from "../../src/engine/runtime/native.ts";
import { nodeRuntime } from "../../src/engine/runtime/node.ts";
import { machine } from "../machine.ts";
import { enlargedExample } from "../photographs.ts";
import { openImgly } from "./imgly.ts";
import { inference, type Stages, timedSegmenter } from "./stages.ts";

const { values } = parseArgs({
  options: {
    model: {
      type: "string",
      default: join(import.meta.dirname, "..", "..", "models", "cosal-lite"),
    },
    rounds: { type: "string", default: "3" },
    sizes: { type: "string", default: "2,5,16,64" },
    imgly: { type: "boolean", default: false },
  },
});
const ROUNDS = Number(values.rounds);
const SIZES = values.sizes.split(",").map(Number);
/** Images before anything counts: V8 compiles what is hot in several steps. */
const WARM_UP = 24;
const SIDES = [1200, 833] as const;
const EXAMPLES = ["by-a-hedge", "in-a-wooden-box", "on-a-rock", "on-a-waste-bin"];

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

const photographs = await Promise.all(
  EXAMPLES.map((name) => enlargedExample(`cats/${name}.jpg`, ...SIDES)),
);
const groupOf = (size: number): ImageInput[] =>
  Array.from({ length: size }, (_, i) => ({
    id: String(i),
    bytes: photographs[i % photographs.length] as Uint8Array,
  }));

const runtimes = {
  WASM: await timedSegmenter(nodeRuntime(), values.model),
  native: await timedSegmenter(await nativeRuntime({ threads: 1 }), values.model),
};
type Name = keyof typeof runtimes;
const NAMES = Object.keys(runtimes) as Name[];
const imgly = values.imgly ? await openImgly() : undefined;

interface Cell {
  /** Per image, milliseconds. */
  readonly whole: number;
  readonly inference: number;
  readonly stages: Stages;
}
const rounds: Record<Name, Map<number, Cell>>[] = [];
const imglyRounds: number[] = [];

for (const name of NAMES) await runtimes[name].run(groupOf(WARM_UP));
await imgly?.run(photographs[0] as Uint8Array);
for (let round = 0; round < ROUNDS; round++) {
  const cells = Object.fromEntries(NAMES.map((name) => [name, new Map()])) as Record<
    Name,
    Map<number, Cell>
  >;
  for (const size of SIZES) {
    for (const name of NAMES) {
      const { milliseconds, stages } = await runtimes[name].run(groupOf(size));
      const whole = milliseconds / size;
      cells[name].set(size, { whole, inference: inference(stages) / size, stages });
    }
  }
  rounds.push(cells);
  if (imgly) imglyRounds.push(await imgly.run(photographs[0] as Uint8Array));
}
await imgly?.close();

/** Median over rounds. */
const over = (value: (round: (typeof rounds)[number]) => number) => median(rounds.map(value));
const cell = (round: (typeof rounds)[number], name: Name, size: number) =>
  round[name].get(size) as Cell;

console.log(machine());
console.log(
  `\nModel ${values.model}; JPEGs of ${SIDES.join(" x ")}, ${photographs[0]?.length} bytes; medians of ${ROUNDS} rounds.\n` +
    "Processor ms per image: whole (hash, decode, graphs, PNG), graphs alone, share that is not graphs\n",
);
console.log(`${"".padEnd(22)}${SIZES.map((size) => `N = ${size}`.padStart(22)).join("")}`);
for (const name of NAMES) {
  const columns = SIZES.map((size) => {
    const whole = over((round) => cell(round, name, size).whole);
    const graphs = over((round) => cell(round, name, size).inference);
    const rest = over((round) => {
      const { whole, inference } = cell(round, name, size);
      return 1 - inference / whole;
    });
    return `${whole.toFixed(0)}  ${graphs.toFixed(0)}  ${(100 * rest).toFixed(0)} %`.padStart(22);
  });
  console.log(`${name.padEnd(22)}${columns.join("")}`);
}

console.log("\nratios within a round");
const [first = 2] = SIZES;
const last = SIZES.at(-1) as number;
for (const name of NAMES) {
  const flat = over((round) => cell(round, name, last).whole / cell(round, name, first).whole);
  console.log(`  ${name}: N = ${last} against N = ${first}, whole: ${flat.toFixed(2)}`);
}
const [wasm, native] = ["WASM", "native"] as const;
for (const size of SIZES) {
  const ratio = over(
    (round) => cell(round, wasm, size).inference / cell(round, native, size).inference,
  );
  console.log(`  WASM against native on one thread, graphs, N = ${size}: ${ratio.toFixed(1)}`);
}
if (imgly) {
  for (const name of NAMES) {
    const size = SIZES.includes(5) ? 5 : first;
    const ratio = median(
      imglyRounds.map((milliseconds, i) => milliseconds / cell(rounds[i]!, name, size).whole),
    );
    console.log(`  ${imgly.name} against ${name}, N = ${size}, per image: ${ratio.toFixed(1)}`);
  }
}

console.log(`\nstages of ${wasm}, N = ${last}, ms per image`);
const stages = rounds.map((round) => cell(round, wasm, last).stages);
for (const stage of stages[0]?.keys() ?? []) {
  const milliseconds = median(stages.map((all) => (all.get(stage) ?? 0) / last));
  console.log(`  ${stage.padEnd(20)}${milliseconds.toFixed(1).padStart(8)}`);
}
