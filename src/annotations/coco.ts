import type { Box, CocoRle } from "../codec/index.ts";
import { jsonArray } from "./json-array.ts";

/** A photograph with its mask. */
export interface CocoImage {
  readonly name: string;
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** `[x, y, width, height]`, or null where there is no object. */
  readonly box: Box | null;
  /** Share of the pixels that are object, 0..1. */
  readonly coverage: number;
  /** 0..1 */
  readonly presence: number;
  /** The intersection over union that can be expected, 0..1, where the model tells it. */
  readonly confidence?: number | undefined;
  readonly rle?: CocoRle;
}

/**
 * A COCO document, piece by piece: images, one category, and for each mask an annotation in
 * compressed run lengths, as pycocotools reads them (https://cocodataset.org/#format-data). `score` is
 * the confidence, as COCO ranks masks by how good they are; of a model that tells none, the presence.
 *
 * @param label what the object is called
 * @param images read twice
 */
export async function* cocoDocument(
  label: string,
  images: () => AsyncIterable<CocoImage> | Iterable<CocoImage>,
): AsyncGenerator<string> {
  yield `{"info":{"description":"cosal"},"licenses":[],"categories":[{"id":1,"name":${JSON.stringify(label)},"supercategory":""}],\n"images":`;
  yield* jsonArray(entries());
  yield `,\n"annotations":`;
  yield* jsonArray(annotations());
  yield "}\n";

  async function* entries() {
    let id = 0;
    for await (const { name, width, height } of images()) {
      yield { id: ++id, file_name: name, width, height };
    }
  }

  async function* annotations() {
    let image = 0;
    let id = 0;
    for await (const { box, width, height, coverage, presence, confidence, rle } of images()) {
      image++;
      if (box === null) continue;
      yield {
        ...{ id: ++id, image_id: image, category_id: 1, iscrowd: 0 },
        ...{ segmentation: rle, bbox: box, area: Math.round(coverage * width * height) },
        score: confidence ?? presence,
      };
    }
  }
}
