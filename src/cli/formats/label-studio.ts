import { join } from "node:path";
import { jsonArray } from "../../annotations/index.ts";
import { writeStream } from "../output/stream-file.ts";
import type { FinishedMask, Format, WholeSet } from "./format.ts";
import { pointsOf } from "./labelme.ts";

/**
 * `label-studio.json`: a task for each photograph with its polygons as a prediction, in percent of
 * the sides, for a labelling configuration with `<Image name="image">` and
 * `<PolygonLabels name="label">` (https://labelstud.io/guide/predictions). Photographs are named as
 * local files are served: `/data/local-files/?d=NAME`.
 */
export const labelStudio: Format = {
  annotation: "polygons",
  write: (set) => writeStream(join(set.folder, "label-studio.json"), jsonArray(tasks(set))),
};

async function* tasks({ label, masks }: WholeSet) {
  for await (const { photograph, entry } of masks()) {
    yield {
      data: { image: `/data/local-files/?d=${encodeURIComponent(photograph.name)}` },
      predictions: [
        {
          model_version: "cosal",
          score: entry.confidence ?? entry.presence,
          result: resultsOf(entry, label),
        },
      ],
    };
  }
}

function resultsOf({ width, height, polygons = [] }: FinishedMask["entry"], label: string) {
  return polygons.map((polygon, i) => ({
    id: `part-${i + 1}`,
    type: "polygonlabels",
    from_name: "label",
    to_name: "image",
    original_width: width,
    original_height: height,
    image_rotation: 0,
    value: {
      points: pointsOf(polygon).map(([x, y]) => [(100 * x) / width, (100 * y) / height]),
      closed: true,
      polygonlabels: [label],
    },
  }));
}
