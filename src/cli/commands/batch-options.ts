import type { Argv } from "yargs";
import { maskOptions, serverOf, serverOptions, studioOptions } from "../options.ts";

const ACTIONS = {
  status: "how far a batch is, as JSON",
  pause: "what is being computed is finished, and nothing else begun",
  resume: "lets a paused batch go on",
  cancel: "ends a batch; its results are kept",
  retry: "tries again what failed",
} as const;

const identified = <T>(args: Argv<T>) =>
  args.positional("batch", { type: "string", demandOption: true, describe: "the batch's id" });

const someFolders = <T>(args: Argv<T>) =>
  args.positional("paths", {
    type: "string",
    array: true,
    default: [] as string[],
    describe: "folders or files",
  });

const quietOption = <T>(args: Argv<T>) =>
  args.option("quiet", { alias: "q", type: "boolean", default: false, describe: "say nothing" });

/** Masks are only written where a folder is named. */
const writing = <T>(args: Argv<T>) =>
  studioOptions(serverOptions(maskOptions(args))).option("out", {
    alias: "o",
    type: "string",
    default: undefined as string | undefined,
    describe: "write masks to this folder when all are done, as cosal PATH does",
  });

/**
 * `cosal batch create|watch|status|pause|resume|cancel|retry`.
 *
 * @param onEnd called with the exit status
 */
export function batchCommands(args: Argv, signal: AbortSignal, onEnd: (status: number) => void) {
  args
    .command(
      "create [paths..]",
      "upload what the service does not have, and begin",
      (args) =>
        writing(someFolders(args))
          .option("source", {
            type: "string",
            requiresArg: true,
            describe: "instead of folders: a prefix of the service's bucket, such as shop/",
          })
          .option("manifest", {
            type: "string",
            requiresArg: true,
            describe: "instead of folders: key of a manifest in the service's bucket",
          })
          .option("destination", {
            type: "string",
            requiresArg: true,
            describe: "a prefix of the service's bucket that it writes files below",
          })
          .option("consensus", {
            type: "string",
            requiresArg: true,
            describe: "one for all: a file of cosal learn, or a group's hash",
          })
          .option("parallelism", {
            type: "number",
            requiresArg: true,
            describe: "groups that are computed at the same time",
          })
          .option("watch", { type: "boolean", default: false, describe: "follow it to its end" })
          .example("$0 batch create shop/ -r --server URL -o masks", "each folder a group")
          .example("$0 batch create --source shop/ --destination masks/", "from bucket to bucket"),
      async (args) => {
        const { createBatch } = await import("./batch.ts");
        onEnd(await createBatch({ ...args, ...serverOf(args) }, signal));
      },
    )
    .command(
      "watch <batch> [paths..]",
      "follow a batch to its end; with --out, write the masks of the folders that it was made of",
      (args) => writing(someFolders(identified(args))),
      async (args) => {
        const { watchBatch } = await import("./batch.ts");
        onEnd(await watchBatch({ ...args, ...serverOf(args) }, signal));
      },
    )
    .demandCommand(1);
  for (const [name, describe] of Object.entries(ACTIONS)) {
    args.command(
      `${name} <batch>`,
      describe,
      (args) => quietOption(serverOptions(identified(args))),
      async (args) => {
        const { actOnBatch } = await import("./batch.ts");
        onEnd(
          await actOnBatch({ ...args, ...serverOf(args) }, name as keyof typeof ACTIONS, signal),
        );
      },
    );
  }
  return args;
}
