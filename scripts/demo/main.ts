// `npm run demo [-- FOLDER]`: starts the Worker on this machine, sends it groups of photographs over
// HTTP as any app would, and writes what it finds to demo-output/.
import { join, relative } from "node:path";
import { type LocalWorker, startLocalWorker } from "../worker.ts";
import { writeOutput } from "./output.ts";
import { type PhotographGroup, readGroups, UsageError } from "./photographs.ts";
import { Progress } from "./progress.ts";
import { Refused } from "./request.ts";
import { type GroupRun, runGroup } from "./run.ts";
import { table } from "./table.ts";

const root = join(import.meta.dirname, "..", "..");
const USAGE = `npm run demo [-- FOLDER]

Finds what the photographs in FOLDER have in common; if FOLDER has no photographs but folders of
them, each is a group. Without FOLDER: the project's examples.`;

async function main(args: string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  if (args.length > 1) throw new UsageError(`Expected one folder at most.\n\n${USAGE}`);
  const groups = await readGroups(args[0] ?? join(root, "examples"));
  console.log("Starting the Worker ...");
  const worker = await startLocalWorker({ port: 0, watch: false });
  let runs: GroupRun[];
  try {
    runs = await runGroups(worker, groups);
  } finally {
    await worker.stop();
  }
  if (runs.length > 0) {
    const written = await writeOutput(join(root, "demo-output"), runs);
    const shown = (path: string) => relative(process.cwd(), path);
    console.log(`Look at  ${shown(written.page)}  (in a browser)`);
    console.log(`or at    ${shown(written.sheet)}`);
    console.log(`masks:   ${shown(written.masks)}`);
  }
  const isComplete = runs.length === groups.length;
  return isComplete && runs.every(({ again }) => again.cache === "hit") ? 0 : 1;
}

/** A group that is refused is reported; the others go on. */
async function runGroups(
  { url }: LocalWorker,
  groups: readonly PhotographGroup[],
): Promise<GroupRun[]> {
  console.log(`It listens on ${url}. The first group waits for the network to be loaded.\n`);
  const runs: GroupRun[] = [];
  for (const group of groups) {
    const progress = new Progress(`${group.name}, ${group.photographs.length} photographs`);
    try {
      const run = await runGroup(url, group, (event) => progress.show(event));
      progress.end();
      console.log(table(run));
      runs.push(run);
    } catch (error) {
      progress.end();
      if (!(error instanceof Refused)) throw error;
      console.error(`${group.name}: refused (${error.problem.status}). ${error.message}\n`);
    }
  }
  return runs;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
}
