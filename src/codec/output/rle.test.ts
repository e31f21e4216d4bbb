import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bitmap, bitmapOf, drawn, recordOf, someRecord } from "../../../test/masks.ts";
import { type CocoRle, maskRle } from "./rle.ts";

const cases: { rows: string[]; rle: CocoRle }[] = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/rle.json", import.meta.url), "utf8"),
);

test.each(cases)("pycocotools: $rle.size", async ({ rows, rle }) => {
  expect(await maskRle(recordOf(drawn(...rows)))).toEqual(rle);
});

/** `rleFrString` and `rleDecode` of cocoapi's maskApi.c. */
function decoded({ size: [height, width], counts }: CocoRle): Bitmap {
  const runs: number[] = [];
  for (let at = 0; at < counts.length; ) {
    let value = 0;
    let shift = 0;
    for (let more = true; more; shift += 5) {
      const code = counts.charCodeAt(at++) - 48;
      value |= (code & 31) << shift;
      more = (code & 32) !== 0;
      if (!more && code & 16) value |= -1 << (shift + 5);
    }
    if (runs.length > 2) value += runs[runs.length - 2] as number;
    runs.push(value);
  }
  const data = new Uint8Array(width * height);
  let place = 0;
  for (const [i, run] of runs.entries()) {
    for (const end = place + run; place < end; place++) {
      data[(place % height) * width + Math.floor(place / height)] = i & 1;
    }
  }
  expect(place).toBe(width * height);
  return { width, height, data };
}

test("decoded, it is the mask", () => {
  const threshold = fc.double({ min: 0.05, max: 0.95, noNaN: true });
  return fc.assert(
    fc.asyncProperty(someRecord, threshold, async (record, threshold) => {
      const rle = await maskRle(record, { threshold });
      expect(decoded(rle)).toEqual(bitmapOf(record, { threshold }));
    }),
    { numRuns: 300 },
  );
});
