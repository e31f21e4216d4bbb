import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeDecoder } from "../node.ts";
import type { Pixels } from "../types.ts";
import { chunksOf, type RiffChunk, webpChunks, webpOf } from "./chunks.ts";
import { extendedChunk, FLAG } from "./extended.ts";

const FOLDER = new URL("../../../test/fixtures/images/", import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));
const decoder = nodeDecoder();
const refused = { code: "image_undecodable" };
/** 48 x 32, lossy, lossless, and with alpha. */
const lossy = read("lossy.webp");
const lossless = webpOf([bitstreamOf(read("orientation-1.webp"))]);
const alpha = read("alpha.webp");

function bitstreamOf(file: Uint8Array): RiffChunk {
  return [...webpChunks(file)].find(
    ({ type }) => type.startsWith("VP8") && type !== "VP8X",
  ) as RiffChunk;
}

const le24 = (value: number) => [value & 255, (value >> 8) & 255, value >> 16];

interface FrameAt {
  readonly x: number;
  readonly y: number;
  readonly width?: number;
}

function frame({ x, y, width = 48 }: FrameAt, ...chunks: readonly RiffChunk[]): RiffChunk {
  const header = [x / 2, y / 2, width - 1, 31, 100].flatMap(le24);
  const body = webpOf(chunks).subarray(12);
  return { type: "ANMF", data: Uint8Array.of(...header, 0, ...body) };
}

function animation(width: number, height: number, ...frames: readonly RiffChunk[]) {
  const anim = { type: "ANIM", data: Uint8Array.of(255, 0, 0, 255, 0, 0) };
  const flags = FLAG.animation | FLAG.alpha;
  return webpOf([extendedChunk({ width, height }, flags), anim, ...frames]);
}

/** The pixels of a part. */
function part({ width, data }: Pixels, x: number, y: number, columns: number, rows: number) {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat(
    Array.from({ length: rows }, (_, row) => {
      const start = 4 * ((y + row) * width + x);
      return bytes.subarray(start, start + 4 * columns);
    }),
  );
}

test.each([lossy, lossless, alpha])("bytes after the RIFF are no part of it", async (file) => {
  const wanted = await decoder.decode(file);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (more) => {
      expect(await decoder.decode(Uint8Array.of(...file, ...more))).toEqual(wanted);
    }),
    { numRuns: 50 },
  );
});

test("a file that ends before its image does", async () => {
  const animated = animation(48, 32, frame({ x: 0, y: 0 }, bitstreamOf(lossy)));
  for (const file of [lossy, lossless, alpha, animated]) {
    // A chunk of odd length has a byte more, which is none of its own.
    for (const length of [2, 7, 20]) {
      await expect(decoder.decode(file.subarray(0, -length))).rejects.toMatchObject(refused);
    }
  }
});

test("a file of which only what follows the image is missing", async () => {
  const size = { width: 48, height: 32 };
  const exif = { type: "EXIF", data: new Uint8Array(40) };
  const plane = { type: "ALPH", data: Uint8Array.of(0, ...new Uint8Array(48 * 32).fill(77)) };
  const flat = webpOf([extendedChunk(size, FLAG.exif), bitstreamOf(lossy), exif]);
  const clear = webpOf([extendedChunk(size, FLAG.alpha), plane, bitstreamOf(lossy), exif]);
  const frames = [
    frame({ x: 0, y: 0 }, bitstreamOf(lossless)),
    frame({ x: 0, y: 0 }, bitstreamOf(lossy)),
  ];
  for (const file of [flat, clear, animation(48, 32, ...frames)]) {
    const whole = await decoder.decode(file);
    for (const length of [1, 30, 48]) {
      expect(await decoder.decode(file.subarray(0, -length))).toEqual(whole);
    }
  }
});

describe("an animation is its first frame", () => {
  test.each([
    ["lossy", bitstreamOf(lossy)],
    ["lossless", bitstreamOf(lossless)],
  ])("%s", async (kind, bitstream) => {
    const file = animation(
      48,
      32,
      frame({ x: 0, y: 0 }, bitstream),
      frame({ x: 0, y: 0 }, bitstreamOf(alpha)),
    );
    expect(decoder.inspect(file)).toMatchObject({ kind: `${kind}_webp`, width: 48, height: 32 });
    const still = await decoder.decode(webpOf([bitstream]));
    expect(await decoder.decode(file)).toEqual(still);
  });

  test("which may be smaller than the canvas; the rest is transparent, whatever ANIM says", async () => {
    const file = animation(60, 50, frame({ x: 10, y: 6 }, bitstreamOf(lossless)));
    const pixels = await decoder.decode(file);
    expect([pixels.width, pixels.height]).toEqual([60, 50]);
    const still = await decoder.decode(lossless);
    expect(part(pixels, 10, 6, 48, 32).equals(part(still, 0, 0, 48, 32))).toBe(true);
    for (const [x, y, columns, rows] of [
      [0, 0, 60, 6],
      [0, 6, 10, 32],
      [58, 6, 2, 32],
      [0, 38, 60, 12],
    ] as const) {
      expect(part(pixels, x, y, columns, rows).every((byte) => byte === 0)).toBe(true);
    }
  });

  test("with alpha beside a lossy one", async () => {
    const plane = { type: "ALPH", data: Uint8Array.of(0, ...new Uint8Array(48 * 32).fill(77)) };
    const pixels = await decoder.decode(
      animation(48, 32, frame({ x: 0, y: 0 }, plane, bitstreamOf(lossy))),
    );
    for (let i = 3; i < pixels.data.length; i += 4) expect(pixels.data[i]).toBe(77);
  });

  test.each([
    ["no frame", animation(48, 32)],
    ["a frame without an image", animation(48, 32, frame({ x: 0, y: 0 }))],
    ["a frame beyond the canvas", animation(48, 32, frame({ x: 2, y: 0 }, bitstreamOf(lossy)))],
    [
      "a frame of another size",
      animation(60, 32, frame({ x: 0, y: 0, width: 50 }, bitstreamOf(lossy))),
    ],
    ["half a frame", animation(48, 32, { type: "ANMF", data: new Uint8Array(9) })],
  ])("%s is an error", async (_name, file) => {
    await expect(decoder.decode(file)).rejects.toMatchObject(refused);
  });
});

test("alpha counts where VP8X says that there is some", async () => {
  const plane = { type: "ALPH", data: new Uint8Array(1 + 48 * 32) };
  const size = { width: 48, height: 32 };
  const opaque = webpOf([extendedChunk(size, 0), plane, bitstreamOf(lossy)]);
  expect(await decoder.decode(opaque)).toEqual(await decoder.decode(lossy));
  const clear = webpOf([extendedChunk(size, FLAG.alpha), plane, bitstreamOf(lossy)]);
  expect((await decoder.decode(clear)).data[3]).toBe(0);
});

test("a file's chunks are what it is written of", () => {
  const chunk = fc.record({
    type: fc.constantFrom("VP8 ", "ICCP", "ABCD"),
    data: fc.uint8Array({ maxLength: 9 }),
  });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 5 }), (chunks) => {
      const file = webpOf(chunks);
      expect([...webpChunks(file)]).toEqual(chunks);
      expect([...chunksOf(file.subarray(12))]).toEqual(chunks);
    }),
  );
});
