// `npm run bench:abuse [-- --before FOLDER] [--only NAME,NAME] [--place server] [--seconds 30]`: each
// attack against a server and a Worker of their own, while an honest caller asks for the masks of two
// small photographs once a second: first with nobody else there, then under the attack. All of it on
// the loopback. With another checkout in FOLDER the same against that, for the figures before.
import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import type { Attack } from "./attack.ts";
import { ATTACKS } from "./attacks/index.ts";
import { BUDGETS } from "./budgets.ts";
import { type Experience, honestCaller } from "./honest.ts";
import { startInspectedWorker } from "./isolate.ts";
import { Peaks } from "./processes.ts";
import { PLACES, type Place, startTarget } from "./targets.ts";

const { values } = parseArgs({
  options: {
    before: { type: "string" },
    only: { type: "string" },
    place: { type: "string" },
    seconds: { type: "string", default: "30" },
  },
});
const seconds = Number(values.seconds);
const names = values.only?.split(",");
const attacks = ATTACKS.filter(({ name }) => names === undefined || names.includes(name));
const places = PLACES.filter((place) => values.place === undefined || values.place === place);
const ROOT = join(import.meta.dirname, "..", "..");
const roots: [name: string, path: string][] = [
  ...(values.before === undefined
    ? []
    : ([["before", resolve(values.before)]] as [string, string][])),
  ["now", ROOT],
];

/** Groups after which everything is loaded. */
const WARM_UP = 3;

/** Seconds under the attack in which the isolate is asked for its memory. */
const INSPECTED = 10;

function attacker(attack: Attack, place: Place, url: string): ChildProcess {
  const program = join(import.meta.dirname, "attacker.ts");
  return spawn(process.execPath, [program, attack.name, place, url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** What the attacker says of its answers: how often each status or failure. */
async function linesOf(child: ChildProcess): Promise<AsyncIterator<string>> {
  if (child.stdout === null) throw new Error("the attacker says nothing");
  return createInterface(child.stdout)[Symbol.asyncIterator]();
}

interface Row {
  readonly quiet: Experience;
  readonly attacked: Experience;
  readonly peaks: ReadonlyMap<string, number>;
  readonly answers: string;
}

async function run(attack: Attack, place: Place, root: string): Promise<Row> {
  const row = await measure(attack, place, root);
  if (place === "server") return row;
  // That of the whole process, with workerd and all compiled code, is no measure.
  return { ...row, peaks: new Map([["isolate", await isolateMemory(attack, root)]]) };
}

async function measure(attack: Attack, place: Place, root: string): Promise<Row> {
  const target = await startTarget(place, root);
  const peaks = new Peaks(target.pid);
  try {
    await honestCaller(target.url, WARM_UP);
    const quiet = await honestCaller(target.url, Math.ceil(seconds / 2));
    const child = attacker(attack, place, target.url);
    const lines = await linesOf(child);
    await lines.next();
    const attacked = await honestCaller(target.url, seconds);
    child.kill("SIGTERM");
    const { value: answers = "" } = await lines.next();
    child.kill("SIGKILL");
    return { quiet, attacked, peaks: peaks.stop(), answers };
  } finally {
    peaks.stop();
    await target.stop();
  }
}

/** MiB that the isolate has at most: in a run of its own, as garbage is collected again and again. */
async function isolateMemory(attack: Attack, root: string): Promise<number> {
  const worker = await startInspectedWorker(root);
  try {
    await honestCaller(worker.url, WARM_UP);
    const child = attacker(attack, "worker", worker.url);
    await (await linesOf(child)).next();
    await honestCaller(worker.url, INSPECTED);
    child.kill("SIGKILL");
    return worker.peak();
  } finally {
    await worker.stop();
  }
}

function at(latencies: readonly number[], share: number): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function cells({ quiet, attacked, peaks, answers }: Row): string {
  const [before, under] = [at(quiet.latencies, 0.99), at(attacked.latencies, 0.99)];
  const memory = Array.from(peaks, ([name, peak]) => {
    return `${name} ${peak.toFixed(0)} of ${BUDGETS[name]?.toFixed(0)}`;
  }).join(", ");
  return [
    at(quiet.latencies, 0.5).toFixed(0).padStart(9),
    before.toFixed(0).padStart(6),
    at(attacked.latencies, 0.5).toFixed(0).padStart(9),
    under.toFixed(0).padStart(6),
    `${(under / before).toFixed(1)}x`.padStart(7),
    `${attacked.failures.length}/${attacked.latencies.length}`.padStart(7),
    `  ${memory}`.padEnd(42),
    answers,
  ].join(" ");
}

console.log(`${machine()}\n`);
console.log(
  `${seconds} s under each attack, ${Math.ceil(seconds / 2)} s without; milliseconds, MiB\n`,
);
console.log(
  `${"".padEnd(27)}${"quiet p50".padStart(9)}    p99  attack p50  p99   ratio  failed   memory of its budget${" ".repeat(21)}what the attacker was answered`,
);
for (const attack of attacks) {
  for (const place of attack.places.filter((one) => places.includes(one))) {
    console.log(`${attack.name}, ${place}: ${attack.what}`);
    for (const [name, root] of roots) {
      const row = await run(attack, place, root);
      console.log(`${name.padStart(26)} ${cells(row)}`);
      for (const [told, times] of Object.entries(Object.groupBy(row.attacked.failures, (f) => f))) {
        console.log(`${"".padStart(27)}the honest caller: ${times?.length} x ${told}`);
      }
    }
  }
}
