import fc from "fast-check";
import { expect, test } from "vitest";
import { someRecord } from "../../../test/masks.ts";
import { maskRows } from "../mask.ts";
import { nodeDecoder, nodeWebpEncoder } from "../node.ts";
import type { Pixels } from "../types.ts";
import { cutout, overlay } from "./composite.ts";
import { guidedMaskRows } from "./guided.ts";

const decoder = nodeDecoder();
const webp = nodeWebpEncoder();

function photograph(width: number, height: number): Pixels {
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    data.set([(5 * x) & 255, (3 * y) & 255, (x + y) & 255, x % 5 === 0 ? 128 : 255], 4 * i);
  }
  return { width, height, data };
}

const shown = someRecord
  .filter(({ width, height }) => width >= 8 && height >= 8)
  .map((record) => {
    const { width, height, logits } = record;
    const pixels = photograph(width, height);
    const mask: number[] = [];
    for (const row of maskRows(logits, width, height)) mask.push(...row);
    return { record, pixels, mask };
  });

test("a cut-out has the guided mask times the photograph's alpha, and its colours inside", async () => {
  await fc.assert(
    fc.asyncProperty(shown, async ({ record, pixels }) => {
      const mask: number[] = [];
      for (const row of await guidedMaskRows(record.logits, pixels)) mask.push(...row);
      const { data } = await decoder.decode(await cutout(pixels, record));
      for (const [i, value] of mask.entries()) {
        const [red, green, blue, alpha] = pixels.data.subarray(4 * i, 4 * i + 4);
        const seen = Math.round(((alpha as number) * value) / 255);
        if (data[4 * i + 3] !== seen) throw new Error(`alpha of pixel ${i}`);
        const wanted = seen === 0 ? [0, 0, 0] : value >= 170 ? [red, green, blue] : [];
        if (wanted.some((sample, k) => sample !== data[4 * i + k])) throw new Error(`pixel ${i}`);
      }
    }),
  );
});

test("an overlay tints the object and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(shown, async ({ record, pixels, mask }) => {
      const file = await overlay(pixels, record);
      expect(file[25]).toBe(2); // IHDR's colour type: RGB
      const { data } = await decoder.decode(file);
      for (const [i, value] of mask.entries()) {
        const [red = 0, , , alpha = 0] = pixels.data.subarray(4 * i, 4 * i + 4);
        const over = (red * alpha) / 255 + 255 - alpha;
        const wanted = over + ((0.55 * value) / 255) * (255 - over);
        if (Math.abs(wanted - (data[4 * i] as number)) > 0.51) throw new Error(`pixel ${i}`);
      }
    }),
  );
});

test("as WebP: alpha exactly, colours nearly", async () => {
  const [width, height] = [64, 48];
  const logits = {
    width: 4,
    height: 3,
    data: Float32Array.from([9, 9, 9, 9, 9, 9, 0, -9, -9, -9, -9, -9]),
  };
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) data.set([200, 2 * (i % width), 40, 255], 4 * i);
  const pixels = { width, height, data };
  const record = { width, height, logits };
  const exact = await decoder.decode(await cutout(pixels, record));
  const file = await cutout(pixels, record, { webp });
  expect(new TextDecoder().decode(file.subarray(8, 12))).toBe("WEBP");
  const found = await decoder.decode(file);
  const opaque = await decoder.decode(await overlay(pixels, record, { webp }));
  const tinted = await decoder.decode(await overlay(pixels, record));
  let off = 0;
  for (let i = 0; i < exact.data.length; i++) {
    if (i % 4 === 3) expect(found.data[i]).toBe(exact.data[i]);
    off += Math.abs((opaque.data[i] as number) - (tinted.data[i] as number));
  }
  expect(off / exact.data.length).toBeLessThan(4);
});

test("a reduced photograph gets a mask of its own size", async () => {
  const record = {
    width: 400,
    height: 300,
    logits: { width: 1, height: 1, data: Float32Array.of(9) },
  };
  const file = await cutout(photograph(40, 30), record);
  expect(await decoder.decode(file)).toMatchObject({ width: 40, height: 30 });
});

test("too large for the encoder's heap: an error that says the limit", async () => {
  const record = {
    width: 100,
    height: 100,
    logits: { width: 1, height: 1, data: Float32Array.of(9) },
  };
  const small = nodeWebpEncoder(32 * 9999);
  await expect(cutout(photograph(100, 100), record, { webp: small })).rejects.toMatchObject({
    code: "image_too_many_pixels",
    limit: { name: "pixels of a WebP", limit: 9999, actual: 10_000 },
  });
});
