import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { nodeDecoder } from "./node.ts";
import type { InputFormat, Pixels } from "./types.ts";

const FOLDER = new URL("../../test/fixtures/images/", import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));
const decoder = nodeDecoder();

const FORMAT: InputFormat = { width: 24, height: 16, mean: [0, 0, 0], std: [1, 1, 1] };
/** The quarters of every fixture: red, green, blue, yellow. */
const QUARTERS = [
  [220, 30, 30],
  [30, 200, 30],
  [30, 30, 220],
  [230, 220, 40],
];
const CENTRES = [
  [0.25, 0.25],
  [0.75, 0.25],
  [0.25, 0.75],
  [0.75, 0.75],
] as const;

function quartersOf(pixels: Pixels): number[][] {
  return CENTRES.map(([x, y]) => {
    const at = Math.floor(y * pixels.height) * pixels.width + Math.floor(x * pixels.width);
    return [...pixels.data.subarray(4 * at, 4 * at + 3)];
  });
}

function quartersOfTensor(tensor: Float32Array): number[][] {
  return CENTRES.map(([x, y]) => {
    const at = Math.floor(y * 16) * 24 + Math.floor(x * 24);
    return [0, 1, 2].map((channel) => 255 * (tensor[channel * 24 * 16 + at] as number));
  });
}

function expectClose(found: number[][], wanted: number[][], tolerance: number): void {
  for (const [i, values] of wanted.entries()) {
    for (const [k, value] of values.entries()) {
      expect(Math.abs((found[i]?.[k] as number) - value)).toBeLessThanOrEqual(tolerance);
    }
  }
}

describe.each(["jpg", "png", "webp", "avif"])("%s", (suffix) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("orientation %i comes out upright", async (orientation) => {
    const bytes = read(`orientation-${orientation}.${suffix}`);
    const pixels = await decoder.decode(bytes);
    expect([pixels.width, pixels.height, pixels.data.length]).toEqual([48, 32, 48 * 32 * 4]);
    expectClose(quartersOf(pixels), QUARTERS, 4);
    expectClose(quartersOfTensor(await decoder.sample(bytes, FORMAT)), QUARTERS, 4);
  });
});

test.each([
  "progressive.jpg",
  "cmyk.jpg",
  "lossy.webp",
  "palette.png",
  "sixteen-bits.png",
  "animated.png",
])("%s", async (name) => {
  expectClose(quartersOf(await decoder.decode(read(name))), QUARTERS, 6);
});

test.each(["grey.jpg", "grey.png"])("%s has equal channels", async (name) => {
  for (const [red, green, blue] of quartersOf(await decoder.decode(read(name)))) {
    expect(Math.abs((red as number) - (green as number))).toBeLessThan(3);
    expect(blue).toBe(green);
  }
});

test.each(["alpha.png", "alpha.webp", "alpha.avif"])("%s lies over white", async (name) => {
  const tensor = await decoder.sample(read(name), FORMAT);
  const red = (x: number) => 255 * (tensor[2 * 24 + x] as number);
  const green = (x: number) => 255 * (tensor[24 * 16 + 2 * 24 + x] as number);
  // Alpha grows from 0 on the left (white) to 255 on the right (green).
  expect(red(0)).toBeGreaterThan(248);
  expect(green(0)).toBeGreaterThan(245);
  expect(red(23)).toBeLessThan(45);
  expect(Math.abs(green(23) - 200)).toBeLessThan(10);
});

test("normalisation: (rgb / 255 - mean) / std for each channel", async () => {
  const plain = await decoder.sample(read("grey.png"), FORMAT);
  const format: InputFormat = { ...FORMAT, mean: [0.5, 0.4, 0.3], std: [0.2, 0.5, 1] };
  const normalised = await decoder.sample(read("grey.png"), format);
  for (const [channel, i] of [0, 1, 2].map((channel) => [channel, channel * 384 + 100] as const)) {
    const wanted =
      ((plain[i] as number) - (format.mean[channel] as number)) / (format.std[channel] as number);
    expect(normalised[i]).toBeCloseTo(wanted, 5);
  }
});

test("a broken file is an error, and the next one decodes", async () => {
  const png = read("orientation-1.png");
  const broken = png.slice();
  broken.fill(0xff, 60, 100);
  await expect(decoder.decode(broken)).rejects.toMatchObject({ code: "image_undecodable" });
  await expect(decoder.decode(png.subarray(0, 100))).rejects.toMatchObject({
    code: "image_undecodable",
  });
  expectClose(quartersOf(await decoder.decode(png)), QUARTERS, 0);

  const avif = read("orientation-1.avif");
  await expect(decoder.decode(avif.subarray(0, avif.length - 30))).rejects.toMatchObject({
    code: "image_undecodable",
  });
  expectClose(quartersOf(await decoder.decode(avif)), QUARTERS, 4);
});

test.each(["jpg", "webp", "avif"])("%s: globals are as before", async (suffix) => {
  const before = globalThis.Uint8ClampedArray;
  await nodeDecoder().decode(read(`orientation-1.${suffix}`));
  expect(globalThis.Uint8ClampedArray).toBe(before);
  expect(globalThis.ImageData).toBeUndefined();
});
