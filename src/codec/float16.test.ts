import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHalves, toHalves } from "./float16.ts";

// IEEE 754-2019, table 3.5 and its neighbourhood.
test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519.99, 0x7bff],
  [65520, 0x7c00],
  [Number.NEGATIVE_INFINITY, 0xfc00],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [1.5 * 2 ** -24, 0x0002],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
])("%d is %i", (number, half) => {
  expect(toHalves(Float32Array.of(number))[0]).toBe(half);
});

test("every half keeps its bits through float32", () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
    (half) => (half & 0x7c00) !== 0x7c00 || (half & 0x3ff) === 0,
  );
  expect(toHalves(fromHalves(halves))).toEqual(halves);
  expect(fromHalves(toHalves(Float32Array.of(Number.NaN)))[0]).toBeNaN();
});

test("no half is nearer", () => {
  fc.assert(
    fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (number) => {
      const [half] = toHalves(Float32Array.of(number)) as unknown as [number];
      const distance = (bits: number) =>
        Math.abs((fromHalves(Uint16Array.of(bits))[0] ?? 0) - number);
      const size = half & 0x7fff;
      for (const other of [size - 1, size + 1]) {
        if (other < 0 || other >= 0x7c00) continue;
        expect(distance(half)).toBeLessThanOrEqual(distance((half & 0x8000) | other));
      }
    }),
  );
});
