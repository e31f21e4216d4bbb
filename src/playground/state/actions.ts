import { batch } from "@preact/signals";
import type { Mask } from "../engine/types.ts";
import { pictures } from "../pictures/pictures.ts";
import { openId } from "./large-view.ts";
import { createPhotograph, type Mark, type Photograph, photographs } from "./photographs.ts";
import { givenConsensus } from "./run.ts";

/** Longer side of thumbnails in pixels, enough for the largest tile on a high-resolution screen. */
const THUMBNAIL_SIDE = 640;

/** Photographs that are opened at the same time. The thread reads one while the browser decodes another. */
const CONCURRENCY = 2;

const waiting: Photograph[] = [];
let working = 0;

export interface NamedFile {
  readonly file: Blob;
  readonly name: string;
}

/** Adds photographs. Duplicates are removed when they have been hashed. */
export function addPhotographs(files: readonly NamedFile[]): void {
  const added = files.map(({ file, name }) => createPhotograph(file, name));
  photographs.value = [...photographs.value, ...added];
  waiting.push(...added);
  while (working < CONCURRENCY && waiting.length > 0) void work();
}

async function work(): Promise<void> {
  working++;
  for (let photograph = waiting.shift(); photograph !== undefined; photograph = waiting.shift()) {
    if (photographs.value.includes(photograph)) await open(photograph);
  }
  working--;
}

async function open(photograph: Photograph): Promise<void> {
  const outcome = await pictures().open(photograph.file);
  if ("problem" in outcome) {
    photograph.problem.value = outcome.problem;
    return;
  }
  const { digest } = outcome.value;
  const isKnown = photographs.value.some(
    (other) => other !== photograph && other.opened.value?.digest === digest,
  );
  if (isKnown) {
    removePhotograph(photograph);
    return;
  }
  photograph.opened.value = outcome.value;
  const picture = await pictures().thumbnail(outcome.value.file, THUMBNAIL_SIDE);
  if ("value" in picture && photographs.value.includes(photograph)) {
    photograph.thumbnail.value = URL.createObjectURL(picture.value);
  }
}

export function removePhotograph(photograph: Photograph): void {
  batch(() => {
    photographs.value = photographs.value.filter((other) => other !== photograph);
    if (openId.value === photograph.id) openId.value = undefined;
  });
  if (photograph.thumbnail.value) URL.revokeObjectURL(photograph.thumbnail.value);
}

export function removeAll(): void {
  batch(() => {
    for (const photograph of photographs.value) removePhotograph(photograph);
    givenConsensus.value = undefined;
  });
}

/** Adds a mark to one photograph. The whole group is masked again with it. */
export function addMark(photograph: Photograph, mark: Mark): void {
  photograph.marks.value = [...photograph.marks.value, mark];
}

export function removeMarks(all: readonly Photograph[]): void {
  batch(() => {
    for (const { marks } of all) marks.value = [];
  });
}

export function edit(photograph: Photograph, logits: Mask["logits"]): void {
  photograph.edits.value = [...photograph.edits.value, logits];
}

/** Undoes the last brush stroke. If there is none, removes the last mark. */
export function undo(photograph: Photograph): void {
  const { edits, marks } = photograph;
  if (edits.value.length > 0) edits.value = edits.value.slice(0, -1);
  else marks.value = marks.value.slice(0, -1);
}
