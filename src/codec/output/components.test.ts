import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bitmap, bitmapOf, drawn, recordOf, someRecord } from "../../../test/masks.ts";
import { dropSmallComponents } from "./components.ts";

function kept(bitmap: Bitmap, smallest: number): string[] {
  const { data } = bitmapOf(recordOf(bitmap), { smallest });
  return Array.from({ length: bitmap.height }, (_, y) =>
    [...data.subarray(y * bitmap.width, (y + 1) * bitmap.width)].map((bit) => ".#"[bit]).join(""),
  );
}

const PARTS = drawn(
  "##......", //
  "##...#..",
  ".....##.",
  "........",
  "#.......",
);

test("parts below the share go, the others stay as they are", () => {
  expect(kept(PARTS, 1 / 40)).toEqual(["##......", "##...#..", ".....##.", "........", "#......."]);
  expect(kept(PARTS, 2 / 40)).toEqual(["##......", "##...#..", ".....##.", "........", "........"]);
  expect(kept(PARTS, 3.5 / 40)).toEqual([
    "##......",
    "##......",
    "........",
    "........",
    "........",
  ]);
  expect(kept(PARTS, 1)).toEqual(Array(5).fill("........"));
});

test("a corner joins when the surface between stays above the threshold", () => {
  const joined = (across: number) => {
    const data = Float32Array.of(4, across, across, 4);
    const logits = { width: 2, height: 2, data };
    return dropSmallComponents(logits, 0.5, 0.5) === logits;
  };
  expect(joined(-3)).toBe(true); // saddle (16 - 9) / 14 > 0
  expect(joined(-5)).toBe(false);
});

test("nothing of a dropped part is left, and no other part is touched", () => {
  const logits = { width: 9, height: 1, data: Float32Array.of(-9, -1, 2, -2, -4, -1, 5, 5, -3) };
  expect([...dropSmallComponents(logits, 0.2).data]).toEqual([-9, -8, -8, -8, -8, -1, 5, 5, -3]);
});

test("every part of a magnified mask has a logit in it", () => {
  const scale = 24;
  fc.assert(
    fc.property(someRecord, ({ logits }) => {
      const [width, height] = [scale * logits.width, scale * logits.height];
      const { data } = bitmapOf({ width, height, logits });
      for (let y = 0; y < logits.height; y++) {
        for (let x = 0; x < logits.width; x++) {
          // The four pixels around a logit have less than its value; start from the highest.
          const corner = scale * (y * width + x) + (scale / 2 - 1) * (width + 1);
          for (const i of [corner, corner + 1, corner + width, corner + width + 1]) {
            erase(data, i, width);
          }
        }
      }
      const left = data.reduce((sum, bit) => sum + bit, 0);
      expect(left).toBeLessThanOrEqual(0.002 * data.length); // a tip thinner than a pixel
    }),
    { numRuns: 50 },
  );
});

/** Clears the 4-connected part that pixel `start` is in. */
function erase(data: Uint8Array, start: number, width: number): void {
  const stack = [start];
  for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
    if (!data[i]) continue;
    data[i] = 0;
    if (i % width > 0) stack.push(i - 1);
    if (i % width < width - 1) stack.push(i + 1);
    if (i >= width) stack.push(i - width);
    if (i + width < data.length) stack.push(i + width);
  }
}
