import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeGreyPng } from "./grey-png.ts";
import { maskRows, measureMask } from "./mask.ts";
import { nodeDecoder } from "./node.ts";

interface Plane {
  width: number;
  height: number;
  data: number[];
}

const cases: { logits: Plane; mask: Plane }[] = JSON.parse(
  readFileSync(new URL("../../test/fixtures/masks.json", import.meta.url), "utf8"),
);

const toLogits = (plane: Plane) => ({ ...plane, data: Float32Array.from(plane.data) });
test.each(cases)("OpenCV: logits to a mask of $mask.width x $mask.height", ({ logits, mask }) => {
  const rows: number[] = [];
  for (const row of maskRows(toLogits(logits), mask.width, mask.height)) rows.push(...row);
  expect(rows).toHaveLength(mask.data.length);
  for (const [i, wanted] of mask.data.entries()) {
    expect(Math.abs((rows[i] as number) - wanted)).toBeLessThanOrEqual(1);
  }
});

test.each(cases)("coverage and box at $mask.width x $mask.height", ({ logits, mask }) => {
  const { width, height, data } = mask;
  const inside = data.flatMap((value, i) =>
    value >= 128 ? [[i % width, Math.floor(i / width)] as const] : [],
  );
  const xs = inside.map(([x]) => x);
  const ys = inside.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  expect(measureMask(toLogits(logits), width, height)).toEqual({
    coverage: inside.length / data.length,
    box: [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1],
  });
});

test("nothing found: no coverage, no box", () => {
  const logits = { width: 2, height: 2, data: new Float32Array(4).fill(-3) };
  expect(measureMask(logits, 100, 50)).toEqual({ coverage: 0, box: null });
});

test("a grey PNG decodes to the rows it was made of", async () => {
  const decoder = nodeDecoder();
  const size = fc.integer({ min: 8, max: 400 });
  await fc.assert(
    fc.asyncProperty(size, size, fc.integer(), async (width, height, seed) => {
      const value = (x: number, y: number) => (x * 31 + y * 17 + ((x * y) ^ seed)) & 255;
      const row = new Uint8Array(width);
      const rows = function* () {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) row[x] = value(x, y);
          yield row;
        }
      };
      const pixels = await decoder.decode(await encodeGreyPng(width, height, rows()));
      expect([pixels.width, pixels.height]).toEqual([width, height]);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          if (pixels.data[4 * (y * width + x)] !== value(x, y)) throw new Error(`at ${x}, ${y}`);
        }
      }
    }),
    { numRuns: 25 },
  );
});

test("rows that fail make the encoder fail", async () => {
  const rows = function* () {
    yield new Uint8Array(10);
    throw new Error("no more rows");
  };
  await expect(encodeGreyPng(10, 10, rows())).rejects.toThrow("no more rows");
});
