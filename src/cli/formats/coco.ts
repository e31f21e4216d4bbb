import { join } from "node:path";
import { cocoDocument } from "../../annotations/index.ts";
import { writeStream } from "../output/stream-file.ts";
import type { Format, WholeSet } from "./format.ts";

/** `coco.json`: a COCO document of the whole set. */
export const coco: Format = {
  annotation: "rle",
  write: (set) =>
    writeStream(
      join(set.folder, "coco.json"),
      cocoDocument(set.label, () => images(set)),
    ),
};

async function* images({ masks }: WholeSet) {
  for await (const { photograph, entry } of masks()) yield { ...entry, name: photograph.name };
}
