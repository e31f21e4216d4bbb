import fc from "fast-check";
import { expect, test } from "vitest";
import { extentOf, type Layout, MAX_ENLARGEMENT, place, type Subject } from "./layout.ts";

const side = fc.integer({ min: 64, max: 4000 });
const subject: fc.Arbitrary<Subject> = fc
  .tuple(side, side)
  .chain(([width, height]) =>
    fc
      .tuple(fc.integer({ min: 1, max: width }), fc.integer({ min: 1, max: height }))
      .map(([across, down]) => ({ width, height, box: [0, 0, across, down] as const })),
  );
const layout: fc.Arbitrary<Layout> = fc.record({
  canvas: fc.record({ width: side, height: side }),
  margin: fc.double({ min: 0, max: 0.4, noNaN: true }),
  align: fc.constantFrom("center", "bottom"),
});

test("an object stands within the margins, in the middle or on the ground line", () => {
  fc.assert(
    fc.property(subject, layout, fc.array(subject), fc.boolean(), (one, how, others, isSet) => {
      const { canvas, margin, align } = how;
      const { x, y, width, height } = place(
        one,
        how,
        isSet ? extentOf([one, ...others]) : undefined,
      );
      const free = margin * Math.min(canvas.width, canvas.height);
      expect(x).toBeGreaterThanOrEqual(free - 1);
      expect(y).toBeGreaterThanOrEqual(free - 1);
      expect(x + width).toBeLessThanOrEqual(canvas.width - free + 1);
      expect(y + height).toBeLessThanOrEqual(canvas.height - free + 1);
      expect(Math.abs(2 * x + width - canvas.width)).toBeLessThanOrEqual(1);
      if (align === "bottom") expect(y + height).toBe(Math.round(canvas.height - free));
      else expect(Math.abs(2 * y + height - canvas.height)).toBeLessThanOrEqual(1);
    }),
  );
});

test("alone it fills its canvas, unless it would be enlarged too much", () => {
  fc.assert(
    fc.property(subject, layout, (one, how) => {
      const { canvas, margin } = how;
      const { width, height, scale, isBounded } = place(one, how);
      const free = 2 * margin * Math.min(canvas.width, canvas.height);
      const gap = Math.min(canvas.width - free - width, canvas.height - free - height);
      if (isBounded) expect(scale).toBe(MAX_ENLARGEMENT);
      else expect(Math.abs(gap)).toBeLessThanOrEqual(1);
    }),
  );
});

test("objects of a set keep their sizes to each other, whatever pixels their photographs have", () => {
  fc.assert(
    fc.property(fc.array(subject, { minLength: 1 }), layout, (set, how) => {
      const extent = extentOf(set);
      const placed = set.map((one) => place(one, how, extent));
      const ofLongerSide = placed.map(({ scale }, i) => {
        const { width, height } = set[i] as Subject;
        return scale * Math.max(width, height);
      });
      for (const value of ofLongerSide) expect(value).toBeCloseTo(ofLongerSide[0] as number, 6);
      for (const { scale } of placed) expect(scale).toBeLessThanOrEqual(MAX_ENLARGEMENT + 1e-9);
      const { canvas, margin } = how;
      const free = 2 * margin * Math.min(canvas.width, canvas.height);
      const gaps = placed.map(({ width, height }) =>
        Math.min(canvas.width - free - width, canvas.height - free - height),
      );
      if (!placed[0]?.isBounded) expect(Math.abs(Math.min(...gaps))).toBeLessThanOrEqual(1);
    }),
  );
});

test("a set without objects has no extent", () => {
  expect(extentOf([])).toBeUndefined();
});
