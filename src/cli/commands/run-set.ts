import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RenderTask } from "../engine/task.ts";
import { FORMATS, type Format } from "../formats/index.ts";
import { Journal, type MaskEntry } from "../output/journal.ts";
import { writeManifest } from "../output/manifest.ts";
import { type NamedPhotograph, withStems } from "../output/names.ts";
import { writeWhole } from "../output/whole-file.ts";
import type { Reporter, SetResult, SkippedPhotograph } from "../report/reporter.ts";
import type { PhotographSet } from "../sets.ts";
import type { Mark, MaskSource, SetEvent } from "../sources/source.ts";
import type { StudioSettings } from "../studio/settings.ts";
import { type StudioResult, studioNotes, writeStudio } from "../studio/write.ts";

/** Presence below which a photograph does not seem to show the object. */
const PRESENT = 0.5;

/** Confidence below which somebody should look at a mask (docs/api.md). */
const CONFIDENT = 0.5;

export const CONSENSUS_FILE = "consensus.cosal";

export interface RunOptions {
  /** Folder of this set's files. */
  readonly folder: string;
  /** Names of `FORMATS`. */
  readonly formats: readonly string[];
  readonly threshold: number;
  /** What formats of whole sets call the object; the set's own name unless said. */
  readonly label?: string | undefined;
  /** How the format `studio` looks. */
  readonly studio?: StudioSettings | undefined;
  readonly force: boolean;
  readonly marks: (photographs: readonly NamedPhotograph[]) => Promise<readonly Mark[]>;
  /** A consensus file to be applied; without one, the set's own is learnt. */
  readonly consensus?: Uint8Array;
  /** Of an earlier run, to go on with its journal; computed unless given. */
  readonly key?: string;
  readonly signal: AbortSignal;
}

/** A set that has been masked. */
export interface FinishedSet extends SetResult {
  readonly key: string;
  readonly names: readonly NamedPhotograph[];
  readonly entries: () => AsyncGenerator<MaskEntry>;
}

/** Masks one set: what is done already is left, everything else is written as it comes. */
export async function runSet(
  set: PhotographSet,
  source: MaskSource,
  options: RunOptions,
  reporter: Reporter,
): Promise<FinishedSet> {
  const { folder, threshold, signal } = options;
  const formats = options.formats.map((name) => ({ name, ...(FORMATS[name] as Format) }));
  const annotations = [...new Set(formats.flatMap(({ annotation }) => annotation ?? []))];
  const begun = Date.now();
  const names = withStems(set.photographs);
  const marks = await options.marks(names);
  const key = options.key ?? (await keyOf(names, marks, source, options));
  const journal = await Journal.open(folder, key, options.force);
  await using _ = journal;
  reporter.begin({ title: set.title, photographs: names.length, how: source.title });
  const absent: { photograph: string; presence: number }[] = [];
  const doubtful: { photograph: string; confidence: number }[] = [];
  const skipped: SkippedPhotograph[] = [];
  const finished = new Set<string>();
  let presence = 0;
  const count = (entry: MaskEntry) => {
    finished.add(entry.photograph);
    presence += entry.presence;
    const { photograph, confidence } = entry;
    if (entry.presence < PRESENT) absent.push(entry);
    else if (confidence !== undefined && confidence < CONFIDENT)
      doubtful.push({ photograph, confidence });
    reporter.masked(entry, folder);
  };
  for (const { name, path } of names) {
    const entry = await journal.find(name, folder, path);
    if (entry !== undefined) count(entry);
  }
  const kept = finished.size;
  const filesOf = (photograph: NamedPhotograph) =>
    Object.fromEntries(
      formats.flatMap(({ name, file }) => (file ? [[name, file.name(photograph)]] : [])),
    );
  const renderOf = (photograph: NamedPhotograph): RenderTask => ({
    files: formats.flatMap(({ file }) =>
      file ? [{ form: file.form, path: join(folder, file.name(photograph)) }] : [],
    ),
    threshold,
    annotations,
  });
  if (kept < names.length) {
    for await (const event of eventsOf()) {
      signal.throwIfAborted();
      if (event.type === "learnt") writeWhole(join(folder, CONSENSUS_FILE), event.consensus);
      else if (event.type === "skipped") {
        const { photograph, code, reason } = event;
        skipped.push({ photograph: photograph.name, code, reason });
        reporter.skipped(skipped.at(-1) as SkippedPhotograph);
      } else {
        const { photograph, facts } = event;
        const file = await stat(photograph.path);
        const entry = {
          photograph: photograph.name,
          ...facts,
          files: filesOf(photograph),
          bytes: file.size,
          modified: file.mtimeMs,
        };
        await journal.add(entry);
        count(entry);
      }
    }
  }

  async function* eventsOf(): AsyncGenerator<SetEvent> {
    const isWanted = ({ name }: NamedPhotograph) => !finished.has(name);
    const known = options.consensus ?? (kept > 0 ? await storedConsensus(folder) : undefined);
    if (known !== undefined) {
      if (options.consensus) yield { type: "learnt", consensus: known };
      yield* source.apply(known, names.filter(isWanted), { renderOf, signal });
      return;
    }
    const onLearning = (done: number, total: number) => reporter.learning(done, total);
    yield* source.segment({ photographs: names, marks, isWanted, renderOf, signal, onLearning });
  }

  const entries = () => journal.entries(names);
  async function* finishedMasks() {
    const byName = new Map(names.map((photograph) => [photograph.name, photograph]));
    for await (const entry of entries()) {
      yield { photograph: byName.get(entry.photograph) as NamedPhotograph, entry };
    }
  }
  const label = options.label ?? set.title.split("/").at(-1) ?? "object";
  for (const { write } of formats) await write?.({ folder, label, masks: finishedMasks });
  const studio =
    options.studio &&
    (await writeStudio({
      ...{
        folder,
        settings: options.studio,
        source,
        present: PRESENT,
        masks: finishedMasks,
        signal,
      },
      onPicture: (done, total) => reporter.composing(done, total),
    }));
  const head = { model: source.model, consensus: CONSENSUS_FILE };
  await writeManifest(folder, head, withPictures(entries(), studio), skipped);
  const result: SetResult = {
    title: set.title,
    folder,
    photographs: names.length,
    masked: finished.size,
    kept,
    absent,
    doubtful,
    skipped,
    notes: studio ? [...studioNotes(studio)] : [],
    common: presence / Math.max(1, finished.size),
    seconds: (Date.now() - begun) / 1000,
  };
  return { ...result, key, names, entries };
}

/** Entries whose `studio` is the picture, where there is one, instead of what it is made of. */
async function* withPictures(
  entries: AsyncIterable<MaskEntry>,
  result: StudioResult | undefined,
): AsyncGenerator<MaskEntry> {
  for await (const { object, ...entry } of entries) {
    const { studio, ...files } = entry.files;
    const picture = result?.pictures.get(entry.photograph);
    yield { ...entry, files: { ...files, ...(picture !== undefined && { studio: picture }) } };
  }
}

/** What a set has in common, as an interrupted call has left it. */
function storedConsensus(folder: string): Promise<Uint8Array | undefined> {
  return readFile(join(folder, CONSENSUS_FILE)).catch(() => undefined);
}

/**
 * What masks depend on beside their own photograph: the model, the consensus (a file, or all
 * photographs of the set and their marks), and what is written of them.
 */
async function keyOf(
  names: readonly NamedPhotograph[],
  marks: readonly Mark[],
  source: MaskSource,
  { formats, threshold, consensus }: RunOptions,
): Promise<string> {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([source.model, [...formats].sort(), threshold]));
  if (consensus !== undefined) hash.update(consensus);
  else {
    for (const { name, path } of names) {
      const file = await stat(path).catch(() => undefined);
      hash.update(JSON.stringify([name, file?.size, file?.mtimeMs]));
    }
    for (const { mask, ...mark } of marks) {
      hash.update(JSON.stringify([mark, mask?.length]));
      if (mask !== undefined) hash.update(mask);
    }
  }
  return hash.digest("hex");
}
