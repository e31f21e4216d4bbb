import { expect, test } from "vitest";
import { group, toy } from "../../test/toy-network.ts";
import vectors from "../../test/vectors/second-look.json" with { type: "json" };
import { combined, windowAround } from "./second-look.ts";

const mapOf = (rows: readonly (readonly number[])[]) => ({
  width: rows[0]!.length,
  height: rows.length,
  data: Float32Array.from(rows.flat()),
});

test.each(vectors)("is that of evaluation: a mask $name", ({ first, second, window, ...found }) => {
  const where = windowAround(mapOf(first));
  if (window === null) {
    expect(where).toBeUndefined();
    return;
  }
  for (const side of ["left", "top", "width", "height"] as const) {
    expect(where?.[side]).toBeCloseTo(window[side], 9);
  }
  const { width, height, data } = combined(mapOf(first), mapOf(second), where!);
  const expected = mapOf(found.combined!);
  expect([width, height]).toEqual([expected.width, expected.height]);
  // OpenCV interpolates in steps of 1/32 of a pixel.
  for (const [i, logit] of data.entries()) {
    expect(Math.abs(logit - expected.data[i]!)).toBeLessThan(0.15);
  }
});

test("a photograph that its object fills is read once", async () => {
  const log: string[] = [];
  const segmenter = await toy({ log });
  await Array.fromAsync(segmenter.segment(group(1, 2), { detail: "high" }));
  expect(log.filter((line) => line.startsWith("sample"))).toEqual(["sample 1", "sample 2"]);
});
