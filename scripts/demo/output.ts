import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, parse } from "node:path";
import { nodeDecoder } from "../../src/codec/node.ts";
import { contactPage, type PageGroup } from "./page.ts";
import { overlay, thumbnail, toPng } from "./pictures.ts";
import type { GroupRun } from "./run.ts";
import { contactSheet, type SheetColumn, TILE } from "./sheet.ts";

/** Files up to this size go into the page as they are, larger ones as a picture of this side. */
const EMBED_BYTES = 256 * 1024;
const EMBED_SIDE = 480;

export interface Written {
  readonly page: string;
  readonly sheet: string;
  readonly masks: string;
}

/** Writes masks, contact sheet and page into `folder`, replacing those of an earlier run. */
export async function writeOutput(folder: string, runs: readonly GroupRun[]): Promise<Written> {
  const written = {
    page: join(folder, "contact-sheet.html"),
    sheet: join(folder, "contact-sheet.png"),
    masks: join(folder, "masks"),
  };
  await rm(written.masks, { recursive: true, force: true });
  for (const run of runs) await writeMasks(join(written.masks, run.group.name), run);
  await writeFile(written.sheet, await toPng(contactSheet(await Promise.all(runs.map(columnsOf)))));
  await writeFile(written.page, contactPage(await Promise.all(runs.map(pageGroupOf))));
  return written;
}

async function writeMasks(folder: string, { body, masks }: GroupRun): Promise<void> {
  await mkdir(folder, { recursive: true });
  const taken = new Set<string>();
  for (const [i, { id }] of body.images.entries()) {
    const short = `${parse(id).name}.png`;
    const name = taken.has(short) ? `${id}.png` : short;
    taken.add(name);
    await writeFile(join(folder, name), masks[i]!);
  }
}

async function columnsOf({ group, masks }: GroupRun): Promise<SheetColumn[]> {
  const columns: SheetColumn[] = [];
  for (const [i, { bytes }] of group.photographs.entries()) {
    const photograph = await thumbnail(bytes, TILE);
    const mask = await thumbnail(masks[i]!, TILE);
    columns.push({ photograph, mask, overlay: overlay(photograph, mask) });
  }
  return columns;
}

async function pageGroupOf({ group, body, masks }: GroupRun): Promise<PageGroup> {
  const images = [];
  for (const [i, image] of body.images.entries()) {
    const photograph = await embedded(group.photographs[i]!.bytes);
    images.push({ image, photograph, mask: await embedded(masks[i]!) });
  }
  return { name: group.name, body, images };
}

async function embedded(bytes: Uint8Array): Promise<string> {
  const { type, orientation } = nodeDecoder().inspect(bytes);
  if (bytes.length <= EMBED_BYTES && orientation === 1) return dataUrl(type, bytes);
  return dataUrl("image/png", await toPng(await thumbnail(bytes, EMBED_SIDE)));
}

function dataUrl(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}
