#!/usr/bin/env node
// The command `cosal`. Commands are loaded when they are called, so that `--help` is quick.
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import type { CosalError } from "../errors.ts";
import { batchCommands } from "./commands/batch-options.ts";
import { EXIT } from "./exit-status.ts";
import {
  markOptions,
  maskOptions,
  photographs,
  runtimeOption,
  serverOf,
  serverOptions,
  studioOptions,
} from "./options.ts";
import { UsageError } from "./usage-error.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort(new Error("interrupted")));

// Whoever reads the output may have enough of it: `cosal photos/ --json | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.interrupted);
});

let status: number = EXIT.failed;

// The server has options of its own, and ends by itself.
if (process.argv[2] === "serve") {
  const { runServer } = await import("../server/run.ts");
  await runServer(process.argv.slice(3));
} else await run();

async function run(): Promise<void> {
  try {
    await commands().parseAsync();
    process.exitCode = status;
  } catch (error) {
    process.exitCode = explain(error);
  }
}

function commands() {
  return yargs(hideBin(process.argv))
    .scriptName("cosal")
    .usage(
      "$0 [segment] PATH...\n\nMasks of the object that photographs have in common. Nothing leaves this machine.",
    )
    .command(
      ["segment <paths..>", "$0"],
      "masks of what each set has in common",
      (args) =>
        studioOptions(serverOptions(maskOptions(markOptions(photographs(args)))))
          .option("watch", {
            type: "boolean",
            default: false,
            describe: "go on: mask what comes to the folder with what the set has in common",
          })
          .example("$0 photos/", "a folder is a set: masks/*.png")
          .example("$0 a.jpg b.jpg c.jpg -o out", "files given together are a set")
          .example("$0 shop/ -r -f cutout", "cut-outs; each folder below is a set")
          .example("$0 shop/ --canvas 1200x1200 --background '#fff' --shadow", "a studio set")
          .example("$0 photos/ --seed cat.jpg:120,80", "the object that is meant")
          .example("$0 photos/ --not cat.jpg:10,20,200,150", "what is not meant"),
      async (args) => {
        const { segment } = await import("./commands/segment.ts");
        status = await segment({ ...args, ...serverOf(args) }, interrupt.signal);
      },
    )
    .command(
      "learn <paths..>",
      "what photographs have in common, as a file",
      (args) =>
        runtimeOption(markOptions(photographs(args)))
          .option("out", {
            alias: "o",
            type: "string",
            default: "consensus.cosal",
            describe: "the file",
          })
          .option("quiet", { alias: "q", type: "boolean", default: false, describe: "say nothing" })
          .example("$0 learn cats/ -o cat.cosal", "from five photographs or sixty"),
      async (args) => {
        const { learn } = await import("./commands/learn.ts");
        status = await learn(args, interrupt.signal);
      },
    )
    .command(
      "apply <consensus> <paths..>",
      "masks with a consensus file; any number of photographs",
      (args) =>
        studioOptions(
          serverOptions(
            maskOptions(
              photographs(
                args.positional("consensus", {
                  type: "string",
                  demandOption: true,
                  describe: "from cosal learn",
                }),
              ),
            ),
          ),
        ).example("$0 apply cat.cosal new-photos/ -o masks", "goes on where it was interrupted"),
      async (args) => {
        const { apply } = await import("./commands/segment.ts");
        status = await apply({ ...args, ...serverOf(args) }, interrupt.signal);
      },
    )
    .command("batch <command>", "any number of sets at a service, in the background", (args) =>
      batchCommands(args, interrupt.signal, (end) => {
        status = end;
      }),
    )
    .command("serve", "the service on this machine: cosal serve --help")
    .command("doctor", "what works here, and what a bug report needs", {}, async () => {
      const { doctor } = await import("./commands/doctor.ts");
      status = await doctor();
    })
    .command(
      "bench <paths..>",
      "milliseconds for a photograph here, by runtime",
      photographs,
      async (args) => {
        const { bench } = await import("./commands/bench.ts");
        status = await bench(args.paths);
      },
    )
    .completion("completion", "a script for your shell: cosal completion >> ~/.bashrc")
    .demandCommand(1)
    .strict()
    .recommendCommands()
    .epilogue("Exit status: 0 done, 1 nothing done, 2 wrong usage, 3 some photographs left out.")
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
}

/** The engine's or the client's: neither is loaded before a command needs it. */
function isCosalError(error: unknown): error is Pick<CosalError, "message" | "image"> {
  return error instanceof Error && error.name === "CosalError";
}

function described({ message, image }: Pick<CosalError, "message" | "image">): string {
  return image?.id === undefined ? message : `${image.id}: ${message}`;
}

function explain(error: unknown): number {
  if (interrupt.signal.aborted) {
    console.error("\nInterrupted. What is done is kept: the same command goes on from here.");
    return EXIT.interrupted;
  }
  if (error instanceof UsageError) {
    console.error(`${error.message}\ncosal --help tells how it is used.`);
    return EXIT.usage;
  }
  console.error(isCosalError(error) ? described(error) : error);
  return EXIT.failed;
}
