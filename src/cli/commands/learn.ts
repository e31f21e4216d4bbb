import { resolve } from "node:path";
import type { RuntimeName } from "../engine/runtime-name.ts";
import { EXIT } from "../exit-status.ts";
import { type MarkArguments, readMarks } from "../marks.ts";
import { withStems } from "../output/names.ts";
import { writeWhole } from "../output/whole-file.ts";
import { quietReporter } from "../report/json.ts";
import { textReporter } from "../report/text.ts";
import { readSets } from "../sets.ts";
import { localSource } from "../sources/local.ts";
import { UsageError } from "../usage-error.ts";

export interface LearnArguments extends MarkArguments {
  readonly paths: readonly string[];
  readonly out: string;
  readonly runtime?: RuntimeName | undefined;
  readonly quiet: boolean;
}

/** `cosal learn PATH... -o FILE`: what photographs have in common, as a file for `cosal apply`. */
export async function learn(args: LearnArguments, signal: AbortSignal): Promise<number> {
  const sets = await readSets(args.paths);
  const [set] = sets;
  if (set === undefined || sets.length > 1) {
    throw new UsageError("A consensus is learnt from one set: give one folder, or files.");
  }
  const photographs = withStems(set.photographs);
  const marks = await readMarks(args, photographs);
  const reporter = args.quiet ? quietReporter : textReporter();
  await using source = await localSource(signal, args.runtime);
  reporter.begin({ title: set.title, photographs: photographs.length, how: source.title });
  const events = source.segment({
    photographs,
    marks,
    isWanted: () => false,
    renderOf: () => ({ files: [], threshold: 0.5, annotations: [] }),
    signal,
    onLearning: (done, total) => reporter.learning(done, total),
  });
  let isLearnt = false;
  let isPartial = false;
  for await (const event of events) {
    if (event.type === "skipped") {
      isPartial = true;
      if (!args.quiet) console.error(`${event.photograph.name}: ${event.reason}`);
    } else if (event.type === "learnt") {
      writeWhole(resolve(args.out), event.consensus);
      isLearnt = true;
    }
  }
  if (!isLearnt) return EXIT.failed;
  if (!args.quiet) console.error(`Learnt: ${args.out}. Use it: cosal apply ${args.out} PATH...`);
  return isPartial ? EXIT.partial : EXIT.done;
}
