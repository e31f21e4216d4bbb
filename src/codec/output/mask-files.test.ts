import fc from "fast-check";
import { expect, test } from "vitest";
import { bitmapOf, someRecord } from "../../../test/masks.ts";
import { maskRows } from "../mask.ts";
import { nodeDecoder } from "../node.ts";
import { binaryPng, maskPng, maskWebp } from "./mask-files.ts";
import type { MaskRecord } from "./record.ts";

const decoder = nodeDecoder();
/** The decoder takes no smaller ones. */
const record = someRecord.filter(({ width, height }) => width >= 8 && height >= 8);

async function greyOf(file: Uint8Array, { width, height }: MaskRecord): Promise<number[]> {
  const pixels = await decoder.decode(file);
  expect([pixels.width, pixels.height]).toEqual([width, height]);
  return Array.from({ length: width * height }, (_, i) => pixels.data[4 * i] as number);
}

test.each([maskPng, maskWebp])("%o: a soft mask is its rows", async (encode) => {
  await fc.assert(
    fc.asyncProperty(record, async (record) => {
      const { width, height, logits } = record;
      const wanted: number[] = [];
      for (const row of maskRows(logits, width, height)) wanted.push(...row);
      expect(await greyOf(await encode(record), record)).toEqual(wanted);
    }),
  );
});

test("a binary mask has one bit for each pixel: black or white, at the threshold", async () => {
  await fc.assert(
    fc.asyncProperty(
      record,
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      async (record, threshold) => {
        const file = await binaryPng(record, { threshold });
        expect(file[24]).toBe(1); // IHDR's bit depth
        const wanted = [...bitmapOf(record, { threshold }).data].map((bit) => 255 * bit);
        expect(await greyOf(file, record)).toEqual(wanted);
      },
    ),
  );
});

test("at 0.5 the binary mask is what the soft one has from 128 on", async () => {
  await fc.assert(
    fc.asyncProperty(record, async (record) => {
      const soft = await greyOf(await maskPng(record), record);
      const binary = await greyOf(await binaryPng(record), record);
      expect(soft.map((value) => (value >= 128 ? 255 : 0))).toEqual(binary);
    }),
  );
});

test.each([maskPng, maskWebp])(
  "%o: all of one value, and larger than any block",
  async (encode) => {
    for (const [value, width, height] of [
      [-20, 8, 8],
      [20, 8, 9],
      [0, 1030, 12],
      [20, 9, 5000],
    ] as const) {
      const record = {
        width,
        height,
        logits: { width: 1, height: 1, data: Float32Array.of(value) },
      };
      const grey = await greyOf(await encode(record), record);
      expect(new Set(grey)).toEqual(new Set([value < 0 ? 0 : value > 0 ? 255 : 128]));
    }
  },
);

test.each([0, 1, -0.1, Number.NaN, 7])("%d is no threshold", async (threshold) => {
  const logits = { width: 1, height: 1, data: Float32Array.of(0) };
  await expect(binaryPng({ width: 8, height: 8, logits }, { threshold })).rejects.toThrow(
    "threshold",
  );
});
