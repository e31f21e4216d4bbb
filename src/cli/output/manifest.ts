import { join } from "node:path";
import { jsonArray } from "../../annotations/index.ts";
import type { SkippedPhotograph } from "../report/reporter.ts";
import type { MaskEntry } from "./journal.ts";
import { writeStream } from "./stream-file.ts";

export interface ManifestHead {
  readonly model: string;
  /** The consensus file beside it. */
  readonly consensus: string;
}

/** `masks.json`: which file belongs to which photograph, and what is known of each. Streamed. */
export async function writeManifest(
  folder: string,
  head: ManifestHead,
  entries: AsyncIterable<MaskEntry>,
  skipped: readonly SkippedPhotograph[],
): Promise<void> {
  async function* images() {
    for await (const { rle, rows, polygons, bytes, modified, ...entry } of entries) yield entry;
  }
  async function* text() {
    yield `{\n"model": ${JSON.stringify(head.model)},\n"consensus": ${JSON.stringify(head.consensus)},\n"images": `;
    yield* jsonArray(images());
    yield `,\n"skipped": ${JSON.stringify(skipped)}\n}\n`;
  }
  await writeStream(join(folder, "masks.json"), text());
}
