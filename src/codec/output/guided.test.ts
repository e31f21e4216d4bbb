import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { guidedMaskRows } from "./guided.ts";

interface Case {
  size: [number, number];
  rgb: number[];
  logits: { width: number; height: number; data: number[] };
  mask: number[];
}

const cases: Case[] = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/guided.json", import.meta.url), "utf8"),
);

function collected(rows: Iterable<Uint8Array>): number[] {
  const values: number[] = [];
  for (const row of rows) values.push(...row);
  return values;
}

test.each(cases)("OpenCV: $size", async ({ size: [width, height], rgb, logits, mask }) => {
  const data = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) data.set(rgb.slice(3 * i, 3 * i + 3), 4 * i);
  const found = collected(
    await guidedMaskRows(
      { ...logits, data: Float32Array.from(logits.data) },
      { width, height, data },
    ),
  );
  expect(found).toHaveLength(mask.length);
  for (const [i, value] of found.entries()) {
    expect(Math.abs(value - (mask[i] as number))).toBeLessThanOrEqual(1);
  }
});

test("an edge that the logits only hint at is found in the photograph", async () => {
  const [width, height] = [96, 96];
  const data = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) if (i % width < 43) data.fill(20, 4 * i, 4 * i + 3);
  // Twelve pixels to a logit; the third of a row lies across the edge.
  const row = [5, 5, 5, 1, -5, -5, -5, -5];
  const logits = { width: 8, height: 8, data: Float32Array.from(Array(8).fill(row).flat()) };
  const found = collected(await guidedMaskRows(logits, { width, height, data }));
  const middle = found.slice(48 * width, 49 * width);
  expect(middle.findLastIndex((value) => value >= 128)).toBe(42);
});

test("a photograph without edges changes nothing but the sharpness", async () => {
  const [width, height] = [60, 60];
  const data = new Uint8Array(4 * width * height).fill(255);
  const logits = { width: 6, height: 6, data: new Float32Array(36).fill(4) };
  expect(new Set(collected(await guidedMaskRows(logits, { width, height, data })))).toEqual(
    new Set([250]),
  );
});
