import { dirname, join, relative, sep } from "node:path";
import { writeWhole } from "../output/whole-file.ts";
import type { FinishedMask, Format } from "./format.ts";

/** `labelme/NAME.json`: a polygon for each part of the object, as labelme 5 reads it. */
export const labelme: Format = {
  annotation: "polygons",
  async write({ folder, label, masks }) {
    for await (const mask of masks()) {
      const path = join(folder, "labelme", `${mask.photograph.stem}.json`);
      writeWhole(path, `${JSON.stringify(documentOf(mask, label, path), null, 2)}\n`);
    }
  },
};

function documentOf({ photograph, entry }: FinishedMask, label: string, path: string) {
  return {
    version: "5.5.0",
    flags: {},
    shapes: (entry.polygons ?? []).map((polygon) => ({
      label,
      points: pointsOf(polygon),
      group_id: 1,
      description: "",
      shape_type: "polygon",
      flags: {},
      mask: null,
    })),
    // Relative to this file.
    imagePath: relative(dirname(path), photograph.path).split(sep).join("/"),
    imageData: null,
    imageHeight: entry.height,
    imageWidth: entry.width,
  };
}

/** `x, y, x, y, ...` as pairs. */
export function pointsOf(polygon: readonly number[]): [number, number][] {
  return Array.from({ length: polygon.length / 2 }, (_, i) => [
    polygon[2 * i] as number,
    polygon[2 * i + 1] as number,
  ]);
}
