import fc from "fast-check";
import { expect, test } from "vitest";
import type { Pixels } from "../../types.ts";
import { foregroundOf } from "./foreground.ts";

type Colour = readonly [number, number, number];

/** A disc of one colour with a soft edge, before another. */
function disc(side: number, softness: number, object: Colour, behind: Colour) {
  const alpha = new Uint8Array(side * side);
  const data = new Uint8Array(4 * side * side);
  for (let i = 0; i < alpha.length; i++) {
    const away = Math.hypot((i % side) - side / 2, Math.floor(i / side) - side / 2) - side / 4;
    const a = Math.min(Math.max(0.5 - away / softness, 0), 1);
    alpha[i] = Math.round(255 * a);
    for (let c = 0; c < 3; c++) {
      data[4 * i + c] = Math.round(a * (object[c] as number) + (1 - a) * (behind[c] as number));
    }
    data[4 * i + 3] = 255;
  }
  const rows = Array.from({ length: side }, (_, y) => alpha.subarray(y * side, (y + 1) * side));
  return { pixels: { width: side, height: side, data } satisfies Pixels, rows, alpha };
}

const colour: fc.Arbitrary<Colour> = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255));

test("a soft edge gets the object's colour back, whatever it was photographed before", async () => {
  await fc.assert(
    fc.asyncProperty(colour, colour, fc.integer({ min: 2, max: 16 }), async (front, back, soft) => {
      const { pixels, rows, alpha } = disc(64, soft, front, back);
      const found = await foregroundOf(pixels, rows, undefined, { steepness: 1 });
      let y = 0;
      for (const row of found.rows()) {
        for (let x = 0; x < 64; x++) {
          const a = alpha[64 * y + x] as number;
          expect(row[4 * x + 3]).toBe(a);
          if (a < 32) continue;
          for (let c = 0; c < 3; c++) {
            const error = Math.abs((row[4 * x + c] as number) - (front[c] as number));
            if (error > 12) throw new Error(`${error} at ${x}, ${y}, where the mask is ${a}`);
          }
        }
        y++;
      }
      expect(y).toBe(64);
    }),
    { numRuns: 40 },
  );
});

test("inside the object colours are the photograph's, and where nothing is seen they are 0", async () => {
  const { pixels, rows, alpha } = disc(200, 20, [200, 30, 90], [20, 200, 60]);
  const data = pixels.data.map((value, i) => (i % 4 === 3 ? 255 : value ^ (i % 7)));
  const found = await foregroundOf({ ...pixels, data }, rows);
  let i = 0;
  for (const row of found.rows()) {
    for (let x = 0; x < 200; x++, i++) {
      const a = alpha[i] as number;
      const made = [...row.subarray(4 * x, 4 * x + 3)];
      if (a === 0) expect(made).toEqual([0, 0, 0]);
      if (a === 255) expect(made).toEqual([...data.subarray(4 * i, 4 * i + 3)]);
    }
  }
});

test("it pauses between pieces of a large photograph", async () => {
  const { pixels, rows } = disc(1100, 20, [200, 30, 90], [20, 200, 60]);
  let pauses = 0;
  await foregroundOf(pixels, rows, async () => void pauses++);
  expect(pauses).toBeGreaterThanOrEqual(4);
});
