import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { taps, toTensor } from "./resample.ts";

interface Plane {
  width: number;
  height: number;
  data: number[];
}

const cases: { source: Plane; target: Plane }[] = JSON.parse(
  readFileSync(new URL("../../test/fixtures/resize.json", import.meta.url), "utf8"),
);

test.each(cases)(
  "OpenCV: $source.width x $source.height to $target.width x $target.height",
  ({ source, target }) => {
    const data = Uint8Array.from(source.data.flatMap((value) => [value, 255 - value, 7, 255]));
    const tensor = toTensor(
      { width: source.width, height: source.height, data },
      { width: target.width, height: target.height, mean: [0, 0, 0], std: [1, 1, 1] },
    );
    const plane = target.width * target.height;
    for (const [i, wanted] of target.data.entries()) {
      expect(255 * (tensor[i] as number)).toBeCloseTo(wanted, 2);
      expect(255 * (tensor[plane + i] as number)).toBeCloseTo(255 - wanted, 2);
      expect(255 * (tensor[2 * plane + i] as number)).toBeCloseTo(7, 3);
    }
  },
);

test("weights of an output position sum to 1 and stay inside the source", () => {
  const side = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(side, fc.integer({ min: 1, max: 600 }), (source, target) => {
      const { first, count, weights, stride } = taps(source, target);
      for (let i = 0; i < target; i++) {
        const length = count[i] as number;
        const sum = weights.subarray(i * stride, i * stride + length).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(1, 4);
        expect(length).toBeLessThanOrEqual(stride);
        expect(first[i]).toBeGreaterThanOrEqual(0);
        expect((first[i] as number) + length).toBeLessThanOrEqual(source);
      }
    }),
  );
});
