import { computed, signal } from "@preact/signals";
import { makeZip } from "client-zip";
import { parseCanvas, parseColour } from "../../codec/index.ts";
import { encodeConsensus } from "../../engine/index.ts";
import { problemOf } from "../engine/problem.ts";
import type { StudioSettings } from "../pictures/types.ts";
import { type ArchiveFile, type FormatName, filesOf, type TakenSet } from "../take-away/archive.ts";
import { saveBlob, saveStream } from "../take-away/save.ts";
import { keptConsensus, lacksObject, readable } from "./group.ts";
import { maskOf } from "./mask.ts";
import { notice } from "./notice.ts";

export const format = signal<FormatName>("cutout");
export const label = signal("object");
export const leavesOut = signal(true);

/** Photographs whose masks are exported. */
export const taken = computed(() =>
  readable.value.filter(
    (photograph) =>
      photograph.mask.value !== undefined && !(leavesOut.value && lacksObject(photograph)),
  ),
);

/** Canvas sizes of a studio set in pixels. */
export const CANVASES = ["1200x1200", "1200x900", "900x1200", "2000x2000"] as const;
export const BACKGROUNDS = ["transparent", "#ffffff", "#f2f2f0", "#000000"] as const;

export const canvas = signal<(typeof CANVASES)[number]>("1200x1200");
/** Margin around the object, as a share of the canvas's shorter side. */
export const margin = signal(0.08);
export const align = signal<"center" | "bottom">("center");
export const background = signal<(typeof BACKGROUNDS)[number]>("#ffffff");
export const shadow = signal(false);

function studioSettings(): StudioSettings {
  return {
    canvas: parseCanvas(canvas.value) ?? { width: 1200, height: 1200 },
    margin: margin.value,
    align: align.value,
    backdrop: parseColour(background.value),
    shadow: shadow.value,
  };
}

export type Saving =
  | { readonly stage: "none" }
  | { readonly stage: "writing"; readonly done: number }
  | { readonly stage: "saved" };

export const saving = signal<Saving>({ stage: "none" });

/** Saves the chosen format. Several files are saved as a ZIP, which is written while they are rendered. */
export async function takeAway(): Promise<void> {
  saving.value = { stage: "writing", done: 0 };
  const set: TakenSet = {
    photographs: taken.value.flatMap((photograph) => {
      const mask = maskOf(photograph);
      const file = photograph.opened.value?.file;
      const presence = photograph.mask.value?.presence ?? 0;
      return mask && file ? [{ name: photograph.name, file, mask, presence }] : [];
    }),
    label: label.value || "object",
    studio: studioSettings(),
    onProgress: (done) => {
      saving.value = { stage: "writing", done };
    },
  };
  try {
    const isSaved = isOneFile() ? await saveOne(set) : await saveArchive(set);
    saving.value = { stage: isSaved ? "saved" : "none" };
  } catch (error) {
    saving.value = { stage: "none" };
    notice.value = problemOf(error);
  }
}

export function isOneFile(): boolean {
  return format.value === "coco" || (format.value !== "yolo" && taken.value.length === 1);
}

async function saveOne(set: TakenSet): Promise<boolean> {
  for await (const { name, input } of filesOf(format.value, set)) {
    saveBlob(new Blob([input]), name.split("/").at(-1) as string);
  }
  return true;
}

function saveArchive(set: TakenSet): Promise<boolean> {
  const chosen = format.value;
  const files = async function* (): AsyncGenerator<ArchiveFile & { lastModified: Date }> {
    const lastModified = new Date();
    for await (const file of filesOf(chosen, set)) yield { ...file, lastModified };
  };
  return saveStream(`cosal-${chosen}.zip`, () => makeZip(files()));
}

/** Saves the consensus as a file for `cosal apply` and this page. */
export function saveConsensus(): void {
  const consensus = keptConsensus.value;
  if (consensus) saveBlob(new Blob([encodeConsensus(consensus)]), "group.consensus");
}
