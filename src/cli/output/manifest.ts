import { createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { SkippedPhotograph } from "../report/reporter.ts";
import type { MaskEntry } from "./journal.ts";

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
  async function* text() {
    yield `{\n"model": ${JSON.stringify(head.model)},\n"consensus": ${JSON.stringify(head.consensus)},\n"images": [`;
    let between = "\n";
    for await (const { rle: _, polygons: __, bytes: ___, modified: ____, ...entry } of entries) {
      yield `${between}${JSON.stringify(entry)}`;
      between = ",\n";
    }
    yield `\n],\n"skipped": ${JSON.stringify(skipped)}\n}\n`;
  }
  const path = join(folder, "masks.json");
  await pipeline(Readable.from(text()), createWriteStream(`${path}.part`));
  await rename(`${path}.part`, path);
}
