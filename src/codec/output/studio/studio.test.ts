import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { nodeDecoder, nodeWebpEncoder } from "../../node.ts";
import type { Pixels } from "../../types.ts";
import type { MaskRecord } from "../record.ts";
import { type StudioOptions, studio } from "./studio.ts";

const decoder = nodeDecoder();
const [WIDTH, HEIGHT] = [120, 90];
const [ACROSS, DOWN] = [40, 30];

/** An orange vase before green stripes, and its mask. */
function vase() {
  const data = new Uint8Array(4 * WIDTH * HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    const a = 1 / (1 + Math.exp(-logit(x, y)));
    const behind = x % 12 < 6 ? [40, 160, 60] : [90, 210, 110];
    const object = [240, 140 - y, 30];
    for (let c = 0; c < 3; c++) data[4 * i + c] = a * object[c]! + (1 - a) * behind[c]!;
    data[4 * i + 3] = 255;
  }
  const logits = Float32Array.from({ length: ACROSS * DOWN }, (_, i) =>
    logit(3 * (i % ACROSS) + 1, 3 * Math.floor(i / ACROSS) + 1),
  );
  const pixels: Pixels = { width: WIDTH, height: HEIGHT, data };
  const record = (data: Float32Array): MaskRecord => ({
    ...{ width: WIDTH, height: HEIGHT },
    logits: { width: ACROSS, height: DOWN, data },
  });
  return { pixels, logits, record };
}

function logit(x: number, y: number): number {
  const radius = 14 + 8 * Math.sin(y / 12);
  return Math.min(radius - Math.abs(x - 50), y - 15, 78 - y);
}

const { pixels, logits, record } = vase();
const LAYOUT: StudioOptions = {
  ...{ canvas: { width: 160, height: 200 }, margin: 0.08, align: "bottom" },
};
const photograph: Pixels = {
  ...{ width: 64, height: 64 },
  data: Uint8Array.from({ length: 4 * 64 * 64 }, (_, i) =>
    i % 4 === 3 ? 255 : (i >> 2) % 64 < 32 ? 220 : 90,
  ),
};

const GOLDEN: Readonly<Record<string, Partial<StudioOptions>>> = {
  transparent: {},
  "shadow-on-white": { backdrop: [255, 255, 255], shadow: true },
  "centre-on-picture": { align: "center", backdrop: photograph, margin: 0.2 },
  "small-in-its-set": { extent: { width: 0.9, height: 0.8, pixels: 120 }, shadow: true },
};

test.each(Object.keys(GOLDEN))("%s is as it was found good", async (name) => {
  const made = await studio(pixels, record(logits), { ...LAYOUT, ...GOLDEN[name] });
  const path = new URL(`../../../../test/fixtures/studio/${name}.png`, import.meta.url);
  if (process.env.WRITE_GOLDEN) await writeFile(path, made);
  const golden = await decoder.decode(new Uint8Array(await readFile(path)));
  const { width, height, data } = await decoder.decode(made);
  expect([width, height]).toEqual([golden.width, golden.height]);
  for (let i = 0; i < data.length; i++) {
    const difference = Math.abs((data[i] as number) - (golden.data[i] as number));
    if (difference > 2)
      throw new Error(`${difference} at ${(i >> 2) % width}, ${(i >> 2) / width}`);
  }
});

test("no rim of the old background is left", async () => {
  const { data } = await decoder.decode(await studio(pixels, record(logits), LAYOUT));
  for (let i = 0; i < data.length; i += 4) {
    const [red = 0, green = 0, , alpha = 0] = data.subarray(i, i + 4);
    if (alpha > 16 && green > red) throw new Error(`green at ${(i >> 2) % 160}, ${(i >> 2) / 160}`);
  }
});

test("specks and haze beside the object change nothing", async () => {
  const noisy = logits.slice();
  for (let y = 0; y < DOWN; y++) {
    for (let x = 28; x < ACROSS; x++) noisy[y * ACROSS + x] = -0.4;
  }
  noisy[5 * ACROSS + 36] = 3;
  const options = { ...LAYOUT, shadow: true };
  expect(await studio(pixels, record(noisy), options)).toEqual(
    await studio(pixels, record(logits), options),
  );
});

test("WebP has the same alpha", async () => {
  const webp = nodeWebpEncoder();
  const png = await decoder.decode(await studio(pixels, record(logits), LAYOUT));
  const file = await studio(pixels, record(logits), { ...LAYOUT, webp });
  const { data } = await decoder.decode(file);
  for (let i = 3; i < data.length; i += 4) expect(data[i]).toBe(png.data[i]);
});

test("a photograph without the object is refused by name", async () => {
  const nothing = record(logits.map(() => -9));
  await expect(studio(pixels, nothing, LAYOUT)).rejects.toMatchObject({ code: "object_missing" });
});
