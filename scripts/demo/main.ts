// `npm run demo [-- FOLDER]`: starts the Worker on this machine and sends it photographs as any app
// would, with the command `cosal` and the client behind it. Results lie in demo-output/.

import { openAsBlob } from "node:fs";
import { join, relative } from "node:path";
import { segment } from "../../src/cli/commands/segment.ts";
import { readSets } from "../../src/cli/sets.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { Cosal } from "../../src/client/index.ts";
import { startLocalWorker } from "../worker.ts";

const root = join(import.meta.dirname, "..", "..");
const USAGE = `npm run demo [-- FOLDER]

Finds what the photographs in FOLDER have in common; each folder in it is a group of its own.
Without FOLDER: the project's examples.`;

async function main(args: string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  if (args.length > 1) throw new UsageError(`Expected one folder at most.\n\n${USAGE}`);
  const folder = args[0] ?? join(root, "examples");
  const [first] = await readSets([folder], { recursive: true });
  console.log("Starting the Worker ...");
  const worker = await startLocalWorker({ port: 0, watch: false });
  const out = join(root, "demo-output");
  try {
    console.log(
      `It listens on ${worker.url}. The first group waits for the network to be loaded.\n`,
    );
    const status = await segment(
      {
        ...{ paths: [folder], recursive: true, out, server: worker.url, format: ["png"] },
        ...{ detail: "normal", threshold: 0.5 },
        ...{ force: true, strict: false, json: false, quiet: false },
        contactSheet: true,
      },
      new AbortController().signal,
    );
    const files = (first?.photographs ?? []).map(
      ({ path }) =>
        () =>
          openAsBlob(path),
    );
    const again = await askAgain(worker.url, files.reverse());
    console.log(`Asked again, in another order and under other names: ${again}`);
    console.log(`Masks: ${relative(process.cwd(), out)}`);
    return status;
  } finally {
    await worker.stop();
  }
}

/** The same photographs are the same group, whatever their order and names: it is stored. */
async function askAgain(url: string, files: (() => Promise<Blob>)[]): Promise<string> {
  const begun = performance.now();
  const group = await new Cosal({ url }).group(files, { onError: "skip" });
  const milliseconds = (performance.now() - begun).toFixed(0);
  return `${group.masks.length} masks in ${milliseconds} ms (${group.cache})`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
}
