import { join } from "node:path";
import { jsonArray, writeStream } from "../output/stream-file.ts";
import type { Format, WholeSet } from "./format.ts";

/**
 * `coco.json`: images, one category, and for each mask an annotation in compressed run lengths, as
 * pycocotools reads them (https://cocodataset.org/#format-data).
 */
export const coco: Format = {
  annotation: "rle",
  write: (set) => writeStream(join(set.folder, "coco.json"), document(set)),
};

async function* document({ label, masks }: WholeSet): AsyncGenerator<string> {
  yield `{"info":{"description":"cosal"},"licenses":[],"categories":[{"id":1,"name":${JSON.stringify(label)},"supercategory":""}],\n"images":`;
  yield* jsonArray(images());
  yield `,\n"annotations":`;
  yield* jsonArray(annotations());
  yield "}\n";

  async function* images() {
    let id = 0;
    for await (const { photograph, entry } of masks()) {
      const { width, height } = entry;
      yield { id: ++id, file_name: photograph.name, width, height };
    }
  }

  async function* annotations() {
    let image = 0;
    let id = 0;
    for await (const { entry } of masks()) {
      image++;
      const { box, width, height, coverage, presence, rle } = entry;
      if (box === null) continue;
      yield {
        ...{ id: ++id, image_id: image, category_id: 1, iscrowd: 0 },
        ...{ segmentation: rle, bbox: box, area: Math.round(coverage * width * height) },
        score: presence,
      };
    }
  }
}
