import { createHash } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Box, extentOf, MAX_ENLARGEMENT, place } from "../../codec/index.ts";
import { bounded } from "../engine/bounded.ts";
import type { FinishedMask } from "../formats/format.ts";
import { LOGITS_FOLDER, STUDIO_FOLDER } from "../formats/studio.ts";
import type { MaskEntry } from "../output/journal.ts";
import { writeWhole } from "../output/whole-file.ts";
import type { MaskSource } from "../sources/source.ts";
import type { StudioSettings } from "./settings.ts";

/** Names that a note lists before it counts. */
const LISTED = 10;

/** Raised whenever the same settings come to give other pictures. */
const VERSION = 1;

export interface StudioRun {
  /** The set's folder. */
  readonly folder: string;
  readonly settings: StudioSettings;
  readonly source: Pick<MaskSource, "studio" | "width">;
  /** Presence from which a photograph shows the object. */
  readonly present: number;
  readonly masks: () => AsyncIterable<FinishedMask>;
  readonly signal: AbortSignal;
  readonly onPicture: (done: number, total: number) => void;
}

export interface StudioResult {
  /** The picture of each photograph that has one, below the set's folder. */
  readonly pictures: ReadonlyMap<string, string>;
  /** Photographs that do not show the object: they have no picture. */
  readonly leftOut: readonly string[];
  /** Photographs whose objects are too small to fill the canvas, with their sizes in pixels. */
  readonly small: readonly { readonly photograph: string; readonly size: string }[];
}

/** The pictures of a studio set. Those that are there, made in the same way, are not made again. */
export async function writeStudio(run: StudioRun): Promise<StudioResult> {
  const { folder, settings, masks, present } = run;
  const leftOut: string[] = [];
  const shown: string[] = [];
  const subjects: { width: number; height: number; box: Box }[] = [];
  for await (const { entry } of masks()) {
    const subject = subjectOf(entry);
    if (subject === undefined || entry.presence < present) leftOut.push(entry.photograph);
    else {
      shown.push(entry.photograph);
      subjects.push(subject);
    }
  }
  const extent = settings.scale === "set" ? extentOf(subjects) : undefined;
  await removeOthers(run, JSON.stringify([VERSION, settings, extent]));
  const small = subjects.flatMap((subject, i) => {
    if (!place(subject, settings, extent).isBounded) return [];
    const [, , width, height] = subject.box;
    return [{ photograph: shown[i] as string, size: `${width} x ${height}` }];
  });
  const wanted = new Set(shown);
  const pictures = new Map<string, string>();
  async function* missing() {
    for await (const { photograph } of masks()) {
      if (!wanted.has(photograph.name)) continue;
      const name = nameOf(photograph);
      pictures.set(photograph.name, name);
      const path = join(folder, name);
      const logits = join(folder, LOGITS_FOLDER, `${photograph.stem}.logits`);
      const made = await modified(path);
      if (made === undefined || made < ((await modified(logits)) ?? 0))
        yield { photograph, logits, path };
      else run.onPicture(++done, wanted.size);
    }
  }
  let done = 0;
  const pictured = bounded(missing(), run.source.width, async ({ photograph, logits, path }) => {
    await run.source.studio(photograph, { logits, path, settings, extent });
  });
  for await (const _ of pictured) {
    run.signal.throwIfAborted();
    run.onPicture(++done, wanted.size);
  }
  return { pictures, leftOut, small };
}

/** Where the object is in its photograph. */
function subjectOf({ width, height, object }: MaskEntry) {
  return object ? { width, height, box: object } : undefined;
}

/** Removes pictures that were made in another way, and notes how they are made from now on. */
async function removeOthers({ folder, masks }: StudioRun, how: string): Promise<void> {
  const path = join(folder, LOGITS_FOLDER, "how");
  const key = createHash("sha256").update(how).digest("hex");
  const known = await readFile(path, "utf8").catch(() => undefined);
  if (known === key) return;
  for await (const { photograph } of masks()) {
    await rm(join(folder, nameOf(photograph)), { force: true });
  }
  writeWhole(path, key);
}

/** Of a photograph's picture, below the set's folder. */
function nameOf({ stem }: FinishedMask["photograph"]): string {
  return `${STUDIO_FOLDER}/${stem}.png`;
}

/** In milliseconds since 1970; undefined where there is no file. */
async function modified(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}

/** For a person: what is particular about a set's pictures. */
export function* studioNotes({ small, leftOut }: StudioResult): Generator<string> {
  if (leftOut.length > 0) {
    const names = leftOut.slice(0, LISTED).join(", ");
    const others = leftOut.length > LISTED ? ` and ${leftOut.length - LISTED} more` : "";
    yield `No studio picture of ${names}${others}: the object is not seen there.`;
  }
  const [first] = small;
  if (first === undefined) return;
  const others = small.length > 1 ? ` and ${small.length - 1} more` : "";
  yield `Objects are enlarged ${MAX_ENLARGEMENT} times at most, so some do not fill the canvas: ${first.photograph} (${first.size} pixels)${others}. A smaller --canvas fits them.`;
}
