import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHalves, toHalves } from "../float16.ts";
import { atHalfPrecision, decodeLogits, encodeLogits, type MaskRecord } from "./record.ts";

const record = fc
  .record({
    width: fc.integer({ min: 1, max: 16383 }),
    height: fc.integer({ min: 1, max: 16383 }),
    across: fc.integer({ min: 1, max: 40 }),
    down: fc.integer({ min: 1, max: 40 }),
    seed: fc.float({ min: -2000, max: 2000, noNaN: true }),
  })
  .map(({ width, height, across, down, seed }): MaskRecord => {
    const data = Float32Array.from({ length: across * down }, (_, i) => seed * Math.sin(i * 0.1));
    return { width, height, logits: { width: across, height: down, data } };
  });

test("a record keeps sizes, and logits in half precision", async () => {
  await fc.assert(
    fc.asyncProperty(record, async (wanted) => {
      const found = await decodeLogits(await encodeLogits(wanted));
      const data = fromHalves(toHalves(wanted.logits.data));
      expect(found).toEqual({ ...wanted, logits: { ...wanted.logits, data } });
      expect(atHalfPrecision(wanted)).toEqual(found);
    }),
  );
});

test("infinite logits become the largest halves", async () => {
  const data = Float32Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e9, -0.5);
  const bytes = await encodeLogits({ width: 9, height: 8, logits: { width: 2, height: 2, data } });
  const { logits } = await decodeLogits(bytes);
  expect([...logits.data]).toEqual([65504, -65504, 65504, -0.5]);
});

test("smooth logits take less than two bytes each", async () => {
  const data = Float32Array.from({ length: 6400 }, (_, i) => 9 * Math.sin((i % 80) / 9) - i / 6400);
  const bytes = await encodeLogits({
    width: 9,
    height: 8,
    logits: { width: 80, height: 80, data },
  });
  expect(bytes.length).toBeLessThan(0.8 * 2 * 6400);
});

test("whatever is no record is refused, and nothing else happens", async () => {
  const refused = { code: "internal" };
  const data = new Float32Array(400).map((_, i) => i % 20);
  const bytes = await encodeLogits({
    width: 99,
    height: 80,
    logits: { width: 20, height: 20, data },
  });
  for (const part of [0, 4, 13, 14, 20, bytes.length - 3]) {
    await expect(decodeLogits(bytes.subarray(0, part))).rejects.toMatchObject(refused);
  }
  const changed = (offset: number, value: number) => {
    const copy = bytes.slice();
    copy[offset] = value;
    return copy;
  };
  // Another magic, version, packing; fewer and no logits; more than the body has; a size of 0.
  for (const [offset, value] of [
    [0, 1],
    [4, 2],
    [5, 7],
    [6, 19],
    [6, 0],
    [6, 255],
    [7, 255],
  ] as const) {
    await expect(decodeLogits(changed(offset, value))).rejects.toMatchObject(refused);
  }
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat({ max: bytes.length - 1 }),
      async (noise, at) => {
        const copy = bytes.slice();
        copy.set(noise.subarray(0, copy.length - at), at);
        await decodeLogits(copy).catch((error) => expect(error).toMatchObject(refused));
      },
    ),
  );
});
