import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Detail, decodeConsensus } from "../../engine/index.ts";
import { writeContactSheet } from "../contact-sheet/write.ts";
import type { RuntimeName } from "../engine/runtime-name.ts";
import { EXIT } from "../exit-status.ts";
import { FORMATS } from "../formats/index.ts";
import { type MarkArguments, readMarks } from "../marks.ts";
import { allReporters, jsonReporter, quietReporter } from "../report/json.ts";
import type { Reporter } from "../report/reporter.ts";
import { textReporter } from "../report/text.ts";
import { type PhotographSet, readSets } from "../sets.ts";
import { localSource } from "../sources/local.ts";
import { serviceSource } from "../sources/service.ts";
import type { MaskSource } from "../sources/source.ts";
import { isStudio, readStudio, type StudioArguments } from "../studio/settings.ts";
import { UsageError } from "../usage-error.ts";
import { CONSENSUS_FILE, type FinishedSet, type RunOptions, runSet } from "./run-set.ts";
import { watchFolder } from "./watch.ts";

/** What commands that make masks have in common. */
export interface MaskArguments extends StudioArguments {
  readonly paths: readonly string[];
  readonly out: string;
  /** `png` unless said. */
  readonly format?: readonly string[] | undefined;
  readonly detail: Detail;
  readonly threshold: number;
  readonly label?: string | undefined;
  readonly recursive: boolean;
  readonly runtime?: RuntimeName | undefined;
  readonly force: boolean;
  readonly strict: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly contactSheet: boolean;
  readonly watch?: boolean;
  /** A service that computes instead of this machine. */
  readonly server?: string | undefined;
  readonly key?: string | undefined;
}

export interface SegmentArguments extends MaskArguments, MarkArguments {}

/** `cosal segment PATH...`: masks of what each set has in common. */
export async function segment(args: SegmentArguments, signal: AbortSignal): Promise<number> {
  const sets = await readSets(args.paths, args);
  if (args.watch && sets.length > 1) throw new UsageError("--watch looks at one folder.");
  const marked = [args.seed, args.box, args.seedMask, args.not].some(
    (list) => (list?.length ?? 0) > 0,
  );
  if (marked && sets.length > 1) {
    throw new UsageError("A mark is on a photograph of one set; give one folder.");
  }
  await using source = await sourceOf(args, signal);
  return await maskSets(sets, source, args, signal, (photographs) => readMarks(args, photographs));
}

/** `cosal apply FILE PATH...`: masks with a consensus that exists. */
export async function apply(
  args: MaskArguments & { readonly consensus: string },
  signal: AbortSignal,
): Promise<number> {
  const consensus = await readConsensus(args.consensus);
  const sets = await readSets(args.paths, args);
  await using source = await sourceOf(args, signal);
  return await maskSets(sets, source, args, signal, async () => [], consensus);
}

/** @throws UsageError where it is none */
async function readConsensus(path: string): Promise<Uint8Array> {
  const file = await readFile(path).catch(() => undefined);
  if (file === undefined) throw new UsageError(`There is no file ${path}.`);
  const bytes = new Uint8Array(file);
  try {
    decodeConsensus(bytes);
  } catch {
    throw new UsageError(
      `${path} is no consensus file. cosal learn PATH... -o ${CONSENSUS_FILE} writes one.`,
    );
  }
  return bytes;
}

function sourceOf(
  { server, key, runtime, detail }: MaskArguments,
  signal: AbortSignal,
): Promise<MaskSource> {
  return server === undefined
    ? localSource(signal, runtime, detail)
    : serviceSource(server, key, signal, detail);
}

/** Masks sets with what a source gives, and says how it went. */
export async function maskSets(
  sets: readonly PhotographSet[],
  source: MaskSource,
  args: MaskArguments,
  signal: AbortSignal,
  marks: Parameters<typeof runSet>[2]["marks"],
  consensus?: Uint8Array,
): Promise<number> {
  const reporter = reporterOf(args);
  // The sheet is made of the masks' PNG files.
  const named = args.format ?? (isStudio(args) ? [] : ["png"]);
  const formats = formatsOf([
    ...(args.contactSheet ? ["png"] : []),
    ...named,
    ...(isStudio(args) ? ["studio"] : []),
  ]);
  const studio = formats.includes("studio") ? await readStudio(args) : undefined;
  const options = { formats, threshold: args.threshold, label: args.label, studio, signal };
  const finished: FinishedSet[] = [];
  for (const set of sets) {
    const folder = join(args.out, set.folder);
    const given = consensus === undefined ? {} : { consensus };
    const own = { ...options, ...given, folder, marks, force: args.force };
    const result = await runSet(set, source, own, reporter);
    reporter.end(result);
    finished.push(result);
  }
  if (args.contactSheet && finished.some(({ masked }) => masked > 0)) {
    const shown = finished.map((set) => ({ ...set, detail: source.title }));
    const { page } = await writeContactSheet(args.out, shown);
    if (!args.quiet) console.error(`Look at ${relative(process.cwd(), page)} in a browser.`);
  }
  if (args.watch) {
    const [set, result] = [sets[0] as PhotographSet, finished[0] as FinishedSet];
    if (result.masked === 0) return EXIT.failed;
    if (!args.quiet) console.error("Waiting for more photographs; Ctrl-C ends it.");
    await keepMasking(args.paths, set, result, source, options, reporter);
  }
  return statusOf(finished, args.strict);
}

/** Masks what comes to a set's folder with what the set has in common, until it is interrupted. */
async function keepMasking(
  paths: readonly string[],
  set: PhotographSet,
  { folder, key }: FinishedSet,
  source: MaskSource,
  options: Pick<RunOptions, "formats" | "threshold" | "label" | "studio" | "signal">,
  reporter: Reporter,
): Promise<void> {
  const consensus = new Uint8Array(await readFile(join(folder, CONSENSUS_FILE)));
  await watchFolder(set, options.signal, async () => {
    const [now] = await readSets(paths);
    if (now === undefined) return;
    const again = { ...options, folder, key, consensus, marks: async () => [], force: false };
    reporter.end(await runSet(now, source, again, reporter));
  });
}

function statusOf(sets: readonly FinishedSet[], strict: boolean): number {
  if (sets.every(({ masked }) => masked === 0)) return EXIT.failed;
  const isPartial = sets.some(
    ({ skipped, absent }) => skipped.length > 0 || (strict && absent.length > 0),
  );
  return isPartial ? EXIT.partial : EXIT.done;
}

function reporterOf({ json, quiet }: MaskArguments): Reporter {
  const reporters = [
    ...(json ? [jsonReporter((line) => process.stdout.write(`${line}\n`))] : []),
    ...(quiet ? [] : [textReporter()]),
  ];
  return reporters.length === 0 ? quietReporter : allReporters(reporters);
}

/** @throws UsageError */
function formatsOf(names: readonly string[]): string[] {
  const all = names.flatMap((name) => name.split(","));
  const unknown = all.find((name) => !Object.hasOwn(FORMATS, name));
  if (unknown !== undefined) {
    const known = Object.keys(FORMATS).join(", ");
    throw new UsageError(`There is no format ${unknown}; there are ${known}.`);
  }
  return [...new Set(all)];
}
