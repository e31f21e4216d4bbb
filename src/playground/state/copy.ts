import { pictures } from "../pictures/pictures.ts";
import { stemOf } from "../take-away/names.ts";
import { saveBlob } from "../take-away/save.ts";
import { maskOf } from "./mask.ts";
import { notice } from "./notice.ts";
import type { Photograph } from "./photographs.ts";

/** The cut-out of a photograph, at the photograph's size. */
async function cutoutOf(photograph: Photograph): Promise<Blob> {
  const mask = maskOf(photograph);
  const opened = photograph.opened.value;
  if (mask === undefined || opened === undefined) throw new Error("no mask");
  const outcome = await pictures().render("cutout", opened.file, mask);
  if ("problem" in outcome) throw new Error(outcome.problem.message);
  return outcome.value;
}

/** @returns whether it was copied to the clipboard */
export async function copyCutout(photograph: Photograph): Promise<boolean> {
  try {
    // Safari needs a promise here, and no `await` before it.
    await navigator.clipboard.write([new ClipboardItem({ "image/png": cutoutOf(photograph) })]);
    return true;
  } catch (error) {
    notice.value = { code: "copy", message: (error as Error).message };
    return false;
  }
}

export async function saveCutout(photograph: Photograph): Promise<void> {
  saveBlob(await cutoutOf(photograph), `${stemOf(photograph.name)}.cutout.png`);
}
