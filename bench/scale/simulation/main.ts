// `npm run bench:scale:simulation`: what a thousand, a million and a thousand million groups a day would
// need, how long they would wait and what they would cost, by a simulation of discrete events whose numbers
// are in assumptions.ts. With `-- measured`: one server on this machine under a load, as the simulation
// says and as it is.
import { machine } from "../../machine.ts";
import { cluster } from "./cluster.ts";
import { compareWithServer } from "./measured.ts";
import { workers } from "./workers.ts";
import type { Outcome } from "./world.ts";

const SEED = 1;
const LEVELS = [1e3, 1e6, 1e9];
const GROUPS = 100_000;
const WORLDS: readonly (readonly [name: string, world: typeof workers])[] = [
  ["Workers, a bucket, GPU servers", workers],
  ["servers with GPUs, S3, Redis", cluster],
];

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(0)} ms`;

function quantile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return value === undefined ? "-" : milliseconds(value);
}

function rows({ answered, hits, misses, parts, loads, cost }: Outcome): [string, string][] {
  const all = [...hits, ...misses];
  const shares = [...answered].map(([from, count]): [string, string] => [
    `from ${from}`,
    percent(count / all.length),
  ]);
  const total = [...cost.values()].reduce((sum, part) => sum + part, 0);
  const byLoad = [...loads].sort((a, b) => b[1] - a[1]);
  return [
    ...shares.sort(),
    ...[...parts].map(([part, number]): [string, string] => [part, `${number}`]),
    ["all, p50 / p99", `${quantile(all, 0.5)} / ${quantile(all, 0.99)}`],
    ["computed, p50 / p99", `${quantile(misses, 0.5)} / ${quantile(misses, 0.99)}`],
    ...byLoad.map(([part, load]): [string, string] => [`load: ${part}`, percent(load)]),
    ["1,000 groups, dollars", total.toFixed(3)],
    ...[...cost].map(([part, value]): [string, string] => [`of which ${part}`, value.toFixed(3)]),
  ];
}

console.log(machine());
if (process.argv[2] === "measured") {
  await compareWithServer();
} else {
  for (const [name, world] of WORLDS) {
    const columns = LEVELS.map((level) => new Map(rows(world(level, GROUPS, SEED))));
    const fullest = columns.toSorted((a, b) => b.size - a.size);
    const labels = new Set(fullest.flatMap((column) => [...column.keys()]));
    console.log(`\n${name}: ${GROUPS} groups in the busiest hour, seed ${SEED}\n`);
    console.log(
      `${"groups a day".padEnd(34)}${LEVELS.map((n) => n.toLocaleString("en").padStart(20)).join("")}`,
    );
    for (const label of labels) {
      const cells = columns.map((column) => (column.get(label) ?? "-").padStart(20));
      console.log(label.padEnd(34) + cells.join(""));
    }
  }
}
