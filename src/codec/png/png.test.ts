import { readFileSync } from "node:fs";
import decodeBySquoosh, { init } from "@jsquash/png/decode.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Chunk,
  chunk,
  chunkBytes,
  chunksOf,
  type Ihdr,
  idat,
  ihdr,
  PNG_SIGNATURE,
  pngOf,
} from "../../../test/png-writer.ts";
import { WORKER_DECODER_HEAP } from "../limits.ts";
import { nodeDecoder } from "../node.ts";
import type { InputFormat, Pixels } from "../types.ts";

const decoder = nodeDecoder();
const refused = { code: "image_undecodable" };
const END = chunk("IEND");

beforeAll(async () => {
  const wasm = import.meta.resolve("@jsquash/png/codec/pkg/squoosh_png_bg.wasm");
  await init(await WebAssembly.compile(readFileSync(new URL(wasm))));
  // What its glue makes of pixels; Node has none.
  (globalThis as { ImageData?: unknown }).ImageData ??= function image(
    data: Uint8ClampedArray,
    width: number,
    height: number,
  ) {
    return { data, width, height };
  };
});

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const KINDS = [
  ...[1, 2, 4, 8, 16].map((depth) => ({ colour: 0, depth })),
  ...[8, 16].flatMap((depth) => [2, 4, 6].map((colour) => ({ colour, depth }))),
  ...[1, 2, 4, 8].map((depth) => ({ colour: 3, depth })),
];
const header: fc.Arbitrary<Ihdr> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    width: fc.integer({ min: 8, max: 40 }),
    height: fc.integer({ min: 8, max: 40 }),
    interlaced: fc.boolean(),
  })
  .map(({ kind, ...rest }) => ({ ...kind, ...rest }));

/** Any bytes are rows, as long as each begins with a filter that exists. */
function rowsOf({ width, height, depth, colour, interlaced }: Ihdr, seed: number): Uint8Array {
  const passes = interlaced
    ? [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
      ]
    : [[0, 0, 1, 1]];
  const bytes: number[] = [];
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >> 16;
  };
  for (const [left = 0, top = 0, across = 1, down = 1] of passes) {
    const columns = Math.ceil((width - left) / across);
    const length = Math.ceil((columns * depth * (SAMPLES[colour] as number)) / 8);
    for (let y = top; y < height; y += down) {
      bytes.push(random() % 5);
      for (let i = 0; i < length; i++) bytes.push(random() & 255);
    }
  }
  return Uint8Array.from(bytes);
}

function palette({ colour, depth }: Ihdr): Chunk[] {
  if (colour !== 3) return [];
  return [
    chunk(
      "PLTE",
      Array.from({ length: 3 * 2 ** depth }, (_, i) => (7 * i) & 255),
    ),
  ];
}

function transparency({ colour, depth }: Ihdr, seed: number): Chunk[] {
  const most = 2 ** Math.min(depth, 8);
  const high = depth === 16 ? seed & 255 : 0;
  if (colour === 0) return [chunk("tRNS", [high, seed % most])];
  if (colour === 2) return [chunk("tRNS", [high, seed % most, high, 7, high, 9])];
  if (colour === 3) return [chunk("tRNS", [seed & 255, 0, 128].slice(0, most))];
  return [];
}

const sound = fc
  .record({ header, seed: fc.nat(), isTransparent: fc.boolean() })
  .map(({ header, seed, isTransparent }) => ({
    header,
    chunks: [
      ihdr(header),
      ...palette(header),
      ...(isTransparent ? transparency(header, seed) : []),
      idat(rowsOf(header, seed)),
      END,
    ],
  }));

function expectSame(found: Pixels, wanted: Pick<Pixels, "width" | "height" | "data">): void {
  expect([found.width, found.height]).toEqual([wanted.width, wanted.height]);
  expect(Buffer.compare(Buffer.from(found.data), Buffer.from(wanted.data))).toBe(0);
}

test("pixels are those of Rust's png: every colour type and depth, filtered, interlaced", async () => {
  await fc.assert(
    fc.asyncProperty(sound, async ({ chunks }) => {
      const file = pngOf(...chunks);
      expectSame(await decoder.decode(file), await decodeBySquoosh(file.buffer));
    }),
    { numRuns: 300 },
  );
});

describe("harmless flaws", () => {
  const rgb = { width: 24, height: 16, depth: 8, colour: 2 };
  const pixels = idat(rowsOf(rgb, 5));
  const plain = pngOf(ihdr(rgb), pixels, END);

  test.each<[string, readonly Chunk[]]>([
    ["two iCCP", [chunk("iCCP", "a\0\0bcd"), chunk("iCCP", "a\0\0bcd")]],
    ["a profile that is no zlib stream", [chunk("iCCP", "sRGB\0\0no zlib")]],
    ["two pHYs", [chunk("pHYs", [0, 0, 1, 0, 0, 0, 1, 0, 1]), chunk("pHYs", [1])]],
    ["two gAMA", [chunk("gAMA", [0, 0, 177, 143]), chunk("gAMA", [0, 0, 177, 143])]],
    ["two sRGB", [chunk("sRGB", [0]), chunk("sRGB", [1])]],
    ["two cHRM, too short", [chunk("cHRM", [1, 2, 3]), chunk("cHRM", [1])]],
    ["text without its zero", [chunk("tEXt", "no zero"), chunk("zTXt", "x"), chunk("iTXt", "")]],
    ["a type that is no text", [chunk("e\xf9If", [1]), chunk("\xb5X'f", [])]],
    ["two animations", [chunk("acTL", [0]), chunk("acTL", [0]), chunk("fcTL", [1, 2])]],
    ["tRNS too short", [chunk("tRNS", [1])]],
    ["a palette that is not needed", [chunk("PLTE", [1, 2, 3, 4])]],
  ])("%s", async (_name, chunks) => {
    const file = pngOf(ihdr(rgb), ...chunks, pixels, END);
    expectSame(await decoder.decode(file), await decoder.decode(plain));
  });

  test("tRNS where there is alpha already", async () => {
    const rgba = { ...rgb, colour: 6 };
    const whole = [ihdr(rgba), idat(rowsOf(rgba, 2)), END];
    const file = pngOf(ihdr(rgba), chunk("tRNS", [0, 1, 0, 2, 0, 3]), ...whole.slice(1));
    expectSame(await decoder.decode(file), await decoder.decode(pngOf(...whole)));
  });

  test("no end, half an end, and bytes after the end", async () => {
    const wanted = await decoder.decode(plain);
    const after = Uint8Array.of(...plain, ...new TextEncoder().encode("<html>"));
    // The 4 bytes of zlib's checksum are not needed either.
    for (const end of [-1, -6, -12, -13, -16, -20]) {
      expectSame(await decoder.decode(plain.subarray(0, end)), wanted);
    }
    expectSame(await decoder.decode(after), wanted);
  });

  test("pixels in any number of chunks, with a wrong checksum of zlib's, and more after them", async () => {
    const { data } = pixels;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(data.length), { maxLength: 5 }),
        fc.uint8Array({ maxLength: 9 }),
        async (cuts, more) => {
          const wrong = Uint8Array.of(...data.subarray(0, -4), 1, 2, 3, 4, ...more);
          const places = [0, ...cuts.sort((a, b) => a - b), wrong.length];
          const parts = places.slice(1).map((end, i) => wrong.subarray(places[i], end));
          const file = pngOf(
            ihdr(rgb),
            ...parts.map((part) => ({ type: "IDAT", data: part })),
            END,
          );
          expectSame(await decoder.decode(file), await decoder.decode(plain));
        },
      ),
    );
  });

  const letters = "abcdefghijklmnopqrstuvwxyz".split("");
  const ancillary = fc.record({
    type: fc.oneof(
      // All but tRNS, which has a meaning.
      fc.constantFrom("iCCP", "gAMA", "cHRM", "sRGB", "cICP", "sBIT", "bKGD", "hIST", "pHYs"),
      fc.constantFrom("sPLT", "tIME", "iTXt", "tEXt", "zTXt", "acTL", "fcTL", "fdAT", "caBX"),
      fc.string({ unit: fc.constantFrom(...letters), minLength: 4, maxLength: 4 }),
    ),
    data: fc.uint8Array({ maxLength: 60 }),
    isSound: fc.boolean(),
    place: fc.nat(),
  });

  test("ancillary chunks say and are what they like, wherever they stand", async () => {
    await fc.assert(
      fc.asyncProperty(sound, fc.array(ancillary, { maxLength: 6 }), async ({ chunks }, more) => {
        const parts = chunks.map(chunkBytes);
        for (const { isSound, place, ...one } of more) {
          const bytes = chunkBytes(one);
          if (!isSound) bytes[bytes.length - 1]! ^= 255;
          parts.splice(1 + (place % parts.length), 0, bytes);
        }
        const file = Uint8Array.from(Buffer.concat([PNG_SIGNATURE, ...parts]));
        expectSame(await decoder.decode(file), await decoder.decode(pngOf(...chunks)));
      }),
      { numRuns: 300 },
    );
  });
});

describe("damage", () => {
  test("one byte changed anywhere: refused, or the same pixels", async () => {
    const opaque = sound.filter(({ chunks }) => chunks.every(({ type }) => type !== "tRNS"));
    let same = 0;
    let different = 0;
    await fc.assert(
      fc.asyncProperty(
        opaque,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async ({ chunks }, at, change) => {
          const file = pngOf(...chunks);
          const copy = file.slice();
          copy[at % copy.length]! ^= change;
          const decoded = await decoder.decode(copy).catch((error) => error);
          if (decoded instanceof Error) {
            expect(decoded).toMatchObject({ name: "CosalError", isCallerFault: true });
            different++;
          } else {
            expectSame(decoded, await decoder.decode(file));
            same++;
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(Math.min(same, different)).toBeGreaterThan(0);
  });

  test("cut anywhere before the last pixel", async () => {
    const rgb = { width: 12, height: 9, depth: 8, colour: 2, interlaced: true };
    const file = pngOf(ihdr(rgb), idat(rowsOf(rgb, 3)), END);
    const [, data] = chunksOf(file);
    // Signature, IHDR, and the head of IDAT; of its zlib stream the checksum is not needed.
    const needed = 8 + 25 + 8 + (data as Chunk).data.length - 4;
    for (let length = 8; length < needed - 1; length++) {
      await expect(decoder.decode(file.subarray(0, length))).rejects.toMatchObject(refused);
    }
    expect(await decoder.decode(file.subarray(0, needed))).toMatchObject({ width: 12 });
  });

  const rgb = { width: 10, height: 8, depth: 8, colour: 2 };
  const indexed = { ...rgb, colour: 3 };
  const pixels = idat(rowsOf(rgb, 1));
  const indices = idat(rowsOf(indexed, 1));
  const shorter = idat(rowsOf({ ...rgb, height: 7 }, 1));
  test.each<[string, readonly Chunk[]]>([
    ["a row too few", [ihdr(rgb), shorter, END]],
    ["no pixels at all", [ihdr(rgb), END]],
    ["an unknown critical chunk", [ihdr(rgb), chunk("ABCD", [1]), pixels, END]],
    ["two palettes", [ihdr(indexed), ...palette(indexed), ...palette(indexed), indices, END]],
    ["no palette", [ihdr(indexed), indices, END]],
    ["a palette that comes too late", [ihdr(indexed), indices, ...palette(indexed), END]],
    ["a palette without colours", [ihdr(indexed), chunk("PLTE"), indices, END]],
    ["a filter that does not exist", [ihdr(rgb), idat(new Uint8Array(31 * 8).fill(5)), END]],
    ["a depth that does not exist", [ihdr({ ...rgb, depth: 3 }), pixels, END]],
  ])("%s", async (_name, chunks) => {
    await expect(decoder.decode(pngOf(...chunks))).rejects.toMatchObject(refused);
  });

  test("the form of Xcode is named", async () => {
    const file = pngOf(chunk("CgBI", [80, 0, 32, 2]), ihdr(rgb), pixels, END);
    await expect(decoder.decode(file)).rejects.toMatchObject({
      code: "image_type_unsupported",
      message: expect.stringContaining("CgBI"),
    });
  });
});

describe("large images", () => {
  const format: InputFormat = { width: 40, height: 30, mean: [0, 0, 0], std: [1, 1, 1] };
  const plain = { width: 4000, height: 3000, depth: 8, colour: 0 };
  const rows = new Uint8Array(plain.height * (plain.width + 1)).fill(200);
  for (let y = 0; y < plain.height; y++) rows[y * (plain.width + 1)] = 0;

  test("12 megapixels in a Worker's heap: to the network whole, as a picture whole or reduced", async () => {
    const file = pngOf(ihdr(plain), idat(rows), END);
    const worker = nodeDecoder(WORKER_DECODER_HEAP);
    const tensor = await worker.sample(file, format);
    expect(tensor[0]).toBeCloseTo(200 / 255, 5);
    const pixels = await worker.decode(file);
    expect([pixels.width, pixels.height]).toEqual([3000, 2250]);
    expect([...pixels.data.subarray(-4)]).toEqual([200, 200, 200, 255]);
  });

  test("an interlaced one is refused, since all of its pixels would be kept", () => {
    const file = pngOf(ihdr({ ...plain, interlaced: true }), idat(rows), END);
    expect(() => nodeDecoder(WORKER_DECODER_HEAP).inspect(file)).toThrow("The interlaced PNG is");
  });
});
