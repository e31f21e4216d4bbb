import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeDecoder } from "../../codec/node.ts";
import { representatives } from "../../group/representatives.ts";
import type { MaskEntry } from "../output/journal.ts";
import type { NamedPhotograph } from "../output/names.ts";
import { writeWhole } from "../output/whole-file.ts";
import { contactPage, type PageGroup, type PageImage } from "./page.ts";
import { overlay, thumbnail, toPng } from "./pictures.ts";
import { contactSheet, type SheetColumn, TILE } from "./sheet.ts";

/** Files up to this size go into the page as they are, larger ones as a picture of this side. */
const EMBED_BYTES = 256 * 1024;
const EMBED_SIDE = 480;

/** Photographs of a set that are shown, spread over it: a page is looked at by a person. */
const SHOWN = 120;

/** A set with its masks as PNG files. */
export interface SheetSet {
  readonly title: string;
  readonly detail: string;
  /** Folder that the masks' names are in. */
  readonly folder: string;
  readonly names: readonly NamedPhotograph[];
  readonly entries: () => AsyncIterable<MaskEntry>;
}

export interface ContactSheetFiles {
  readonly page: string;
  readonly sheet: string;
}

/** Writes `contact-sheet.html`, which needs nothing else, and `contact-sheet.png`. */
export async function writeContactSheet(
  folder: string,
  sets: readonly SheetSet[],
): Promise<ContactSheetFiles> {
  const columns: SheetColumn[][] = [];
  const groups: PageGroup[] = [];
  for (const set of sets) {
    const shown = await shownOf(set);
    columns.push(shown.map(({ column }) => column));
    const total = set.names.length;
    const some = shown.length < total ? ` ${shown.length} of them are shown.` : "";
    const detail = `${total} photographs, ${set.detail}.${some}`;
    groups.push({ title: set.title, detail, images: shown.map(({ image }) => image) });
  }
  const files = {
    page: join(folder, "contact-sheet.html"),
    sheet: join(folder, "contact-sheet.png"),
  };
  writeWhole(files.sheet, await toPng(contactSheet(columns)));
  writeWhole(files.page, contactPage(groups));
  return files;
}

async function shownOf({ folder, names, entries }: SheetSet) {
  const byName = new Map(names.map((photograph) => [photograph.name, photograph]));
  const places = new Set(representatives(names.length, SHOWN));
  const chosen = new Set(names.filter((_, place) => places.has(place)).map(({ name }) => name));
  const shown: { column: SheetColumn; image: PageImage }[] = [];
  for await (const entry of entries()) {
    const photograph = byName.get(entry.photograph);
    if (photograph === undefined || !chosen.has(photograph.name)) continue;
    const file = await readFile(photograph.path);
    const mask = await readFile(join(folder, entry.files.png ?? ""));
    const [small, smallMask] = [await thumbnail(file, TILE), await thumbnail(mask, TILE)];
    const { width, height, coverage, presence } = entry;
    shown.push({
      column: { photograph: small, mask: smallMask, overlay: overlay(small, smallMask) },
      image: {
        ...{ title: entry.photograph, width, height, coverage, presence },
        ...{ photograph: await embedded(file), mask: await embedded(mask) },
      },
    });
  }
  return shown;
}

async function embedded(bytes: Uint8Array): Promise<string> {
  const { type, orientation } = nodeDecoder().inspect(bytes);
  if (bytes.length <= EMBED_BYTES && orientation === 1) return dataUrl(type, bytes);
  return dataUrl("image/png", await toPng(await thumbnail(bytes, EMBED_SIDE)));
}

function dataUrl(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}
