import { expect, test } from "vitest";
import { uprightPlanes } from "../orientation.ts";
import type { Orientation } from "../types.ts";
import { asStored } from "./stored.ts";

// Upright: 0 1 2 / 3 4 5, of a photograph of 6 x 4 pixels.
const mask = {
  ...{ width: 6, height: 4 },
  logits: { width: 3, height: 2, data: Float32Array.of(0, 1, 2, 3, 4, 5) },
};

// EXIF 2.32, table 6: which side of the scene the file's first row and first column are.
test.each<[Orientation, number, number, number[]]>([
  [1, 3, 2, [0, 1, 2, 3, 4, 5]],
  [2, 3, 2, [2, 1, 0, 5, 4, 3]],
  [3, 3, 2, [5, 4, 3, 2, 1, 0]],
  [4, 3, 2, [3, 4, 5, 0, 1, 2]],
  [5, 2, 3, [0, 3, 1, 4, 2, 5]],
  [6, 2, 3, [2, 5, 1, 4, 0, 3]],
  [7, 2, 3, [5, 2, 4, 1, 3, 0]],
  [8, 2, 3, [3, 0, 4, 1, 5, 2]],
])("a mask as a file of orientation %d stores it", (orientation, width, height, data) => {
  const stored = asStored(mask, orientation);
  expect(stored.logits).toEqual({ width, height, data: Float32Array.from(data) });
  expect([stored.width, stored.height]).toEqual([2 * width, 2 * height]);
  expect(uprightPlanes(stored.logits.data, 3, 2, orientation)).toEqual(mask.logits.data);
});
