import { join } from "node:path";
import { escaped } from "../output/escaped.ts";
import { writeStream } from "../output/stream-file.ts";
import type { Format, WholeSet } from "./format.ts";

/**
 * `cvat.xml`: "CVAT for images 1.1" with a mask for each photograph: run lengths along the rows of
 * its box (https://docs.cvat.ai/docs/manual/advanced/xml_format/).
 */
export const cvat: Format = {
  annotation: "rows",
  write: (set) => writeStream(join(set.folder, "cvat.xml"), document(set)),
};

async function* document({ label, masks }: WholeSet): AsyncGenerator<string> {
  yield `<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n`;
  yield `  <meta>\n    <task>\n      <mode>annotation</mode>\n      <labels>\n        <label><name>${escaped(label)}</name><type>mask</type><attributes></attributes></label>\n      </labels>\n    </task>\n  </meta>\n`;
  let id = 0;
  for await (const { photograph, entry } of masks()) {
    const { width, height, box, rows } = entry;
    yield `  <image id="${id++}" name="${escaped(photograph.name)}" width="${width}" height="${height}">\n`;
    if (box !== null && rows !== undefined) {
      const [left, top, across, down] = box;
      yield `    <mask label="${escaped(label)}" source="auto" occluded="0" rle="${rows.join(", ")}" left="${left}" top="${top}" width="${across}" height="${down}" z_order="0"></mask>\n`;
    }
    yield "  </image>\n";
  }
  yield "</annotations>\n";
}
