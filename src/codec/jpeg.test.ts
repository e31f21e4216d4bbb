import { readFileSync } from "node:fs";
import decodeMozjpeg, { init as initDecoder } from "@jsquash/jpeg/decode.js";
import encodeMozjpeg, { init as initEncoder } from "@jsquash/jpeg/encode.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { readHeader } from "./header/index.ts";
import { nodeDecoder } from "./node.ts";
import { toTensor } from "./resample.ts";
import { scaleFor, scaleWithin, side } from "./scale.ts";
import type { ImageHeader, InputFormat, Pixels } from "./types.ts";

// mozjpeg, a sister of the decoder under test, makes the files and says what is in them.
type Init = (module: WebAssembly.Module) => Promise<void>;
const decoder = nodeDecoder();

beforeAll(async () => {
  const compiled = (name: string) =>
    WebAssembly.compile(readFileSync(new URL(import.meta.resolve(`@jsquash/jpeg/codec/${name}`))));
  await (initEncoder as unknown as Init)(await compiled("enc/mozjpeg_enc.wasm"));
  await (initDecoder as unknown as Init)(await compiled("dec/mozjpeg_dec.wasm"));
  // What their glue makes of pixels; Node has none.
  (globalThis as { ImageData?: unknown }).ImageData ??= function image(
    data: Uint8ClampedArray,
    width: number,
    height: number,
  ) {
    return { data, width, height };
  };
});

interface Kind {
  width: number;
  height: number;
  seed: number;
  quality: number;
  progressive: boolean;
  /** How much coarser colour is, on each axis. */
  subsampling: number;
  grey: boolean;
}

const kind: fc.Arbitrary<Kind> = fc.record({
  width: fc.integer({ min: 8, max: 90 }),
  height: fc.integer({ min: 8, max: 90 }),
  seed: fc.integer({ min: 1, max: 1000 }),
  quality: fc.integer({ min: 60, max: 100 }),
  progressive: fc.boolean(),
  subsampling: fc.constantFrom(1, 2),
  grey: fc.boolean(),
});

function picture(width: number, height: number, seed: number): Pixels {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const wave = (a: number, b: number) =>
      128 + 100 * Math.sin((x * a + y * b) * 0.02 * (seed % 7) + seed);
    data.set([wave(3, 1), wave(1, -2), wave(-1, 4), 255], 4 * i);
  }
  return { width, height, data };
}

async function fileOf({ width, height, seed, subsampling, grey, ...options }: Kind) {
  const image = picture(width, height, seed) as unknown as ImageData;
  const GREY = 1;
  const YCBCR = 3;
  return new Uint8Array(
    await encodeMozjpeg(image, {
      ...options,
      color_space: grey ? GREY : YCBCR,
      auto_subsample: false,
      baseline: !options.progressive, // the encoder heeds `progressive` only without it
      chroma_subsample: subsampling,
    }),
  );
}

test("pixels are mozjpeg's: grey, 4:4:4 and 4:2:0, baseline and progressive", async () => {
  await fc.assert(
    fc.asyncProperty(kind, async (kind) => {
      const file = await fileOf(kind);
      const wanted = await decodeMozjpeg(file.buffer);
      const found = await decoder.decode(file);
      expect([found.width, found.height]).toEqual([wanted.width, wanted.height]);
      for (const [i, value] of wanted.data.entries()) {
        if (Math.abs(value - (found.data[i] as number)) > 1) throw new Error(`${i}: ${value}`);
      }
    }),
  );
});

test.each(["jpeg-422.jpg", "jpeg-restarts.jpg"])("pixels are mozjpeg's: %s", async (name) => {
  const file = new Uint8Array(
    readFileSync(new URL(`../../test/fixtures/images/${name}`, import.meta.url)),
  );
  const wanted = await decodeMozjpeg(file.slice().buffer);
  const { data } = await decoder.decode(file);
  expect(
    Math.max(...data.map((value, i) => Math.abs(value - (wanted.data[i] as number)))),
  ).toBeLessThanOrEqual(1);
});

describe("reduced scale", () => {
  const format: InputFormat = { width: 40, height: 30, mean: [0, 0, 0], std: [1, 1, 1] };

  test.each([
    { progressive: false, subsampling: 1 },
    { progressive: false, subsampling: 2 },
    { progressive: true, subsampling: 2 },
  ])(
    "the network's input is that of the whole image: $progressive, 1:$subsampling",
    async (options) => {
      for (const [width, height] of [
        [60, 45],
        [107, 61],
        [333, 250],
        [640, 480],
      ] as const) {
        const kind = { width, height, seed: 1, quality: 90, grey: false, ...options };
        const file = await fileOf(kind);
        const whole = toTensor(await decoder.decode(file), format);
        const found = await decoder.sample(file, format);
        const off = whole.reduce(
          (sum, value, i) => sum + Math.abs(value - (found[i] as number)),
          0,
        );
        expect((255 * off) / whole.length).toBeLessThan(3);
      }
    },
  );

  const header = (width: number, height: number): ImageHeader => {
    return { type: "image/jpeg", kind: "baseline_jpeg", width, height, orientation: 1, cost: 10 };
  };

  test("the scale leaves half as much again as the target, and never enlarges", () => {
    const length = fc.integer({ min: 8, max: 16383 });
    fc.assert(
      fc.property(length, length, fc.integer({ min: 32, max: 640 }), (width, height, target) => {
        const { eighths } = scaleFor(header(width, height), { width: target, height: target });
        const shorter = Math.min(width, height);
        const reduced = side(width, eighths) * side(height, eighths);
        if (eighths < 8 && reduced * 4 < 2 ** 20) {
          expect(side(shorter, eighths)).toBeGreaterThanOrEqual(1.5 * target);
        }
        if (eighths > 1) {
          expect(reduced).toBeLessThanOrEqual(2 * 1024 * 1024);
          expect(side(shorter, eighths - 1)).toBeLessThan(1.5 * target);
        }
      }),
    );
    expect(scaleFor(header(4032, 3024), { width: 320, height: 320 }).eighths).toBe(2);
    expect(scaleWithin(header(4032, 3024), 32e6).eighths).toBe(4);
    const progressive = { ...header(4032, 3024), kind: "progressive_jpeg" } as const;
    expect(scaleWithin(progressive, 32e6).eighths).toBe(3);
  });

  test("a photograph comes whole as far as half of the heap allows, and then reduced", async () => {
    const small = nodeDecoder(9 * 2 ** 20); // 8 MiB of it are put aside for reduced pixels
    const kind = { seed: 1, quality: 60, grey: false, progressive: false, subsampling: 2 };
    const whole = await fileOf({ ...kind, width: 1000, height: 1000 });
    expect(await small.decode(whole)).toMatchObject({ width: 1000, height: 1000 });
    const larger = await fileOf({ ...kind, width: 1400, height: 1000 });
    expect(await small.decode(larger)).toMatchObject({ width: 1225, height: 875 });
  });
});

describe("broken files", () => {
  const kinds = [false, true].map((progressive) => ({
    width: 80,
    height: 60,
    seed: 4,
    quality: 85,
    progressive,
    subsampling: 2,
    grey: false,
  }));
  const refused = { code: "image_undecodable" };

  test.each(kinds)("cut anywhere: progressive $progressive", async (kind) => {
    const file = await fileOf(kind);
    for (let length = 3; length < file.length; length += 17) {
      await expect(decoder.decode(file.subarray(0, length))).rejects.toMatchObject(refused);
      // Even when somebody has put an end to it; between two scans that makes a coarser image.
      if (kind.progressive) continue;
      const ended = Uint8Array.of(...file.subarray(0, length), 0xff, 0xd9);
      await expect(decoder.decode(ended)).rejects.toMatchObject(refused);
    }
    expect(await decoder.decode(file)).toMatchObject({ width: 80 });
  });

  test("damaged anywhere: an image or an error, and the next one decodes", async () => {
    const files = await Promise.all(kinds.map(fileOf));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat({ max: 4000 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 8,
        }),
        async (file, changes) => {
          const copy = file.slice();
          for (const [at, value] of changes) copy[at % copy.length] = value;
          const decoded = await decoder.decode(copy).catch((error) => error.code as string);
          if (typeof decoded === "string") expect(decoded).toMatch(/^image_/);
          else expect(decoded.data.length).toBe(4 * decoded.width * decoded.height);
          expect(await decoder.decode(file)).toMatchObject({ width: 80, height: 60 });
        },
      ),
      { numRuns: 300 },
    );
  });

  test("bytes without meaning before the end are no damage", async () => {
    const file = await fileOf(kinds[0] as Kind);
    const padded = Uint8Array.of(...file.subarray(0, -2), 0, 0, 0, 0xff, 0xd9);
    expect(await decoder.decode(padded)).toEqual(await decoder.decode(file));
  });

  test("a size that is told twice, differently", async () => {
    const file = await fileOf(kinds[0] as Kind);
    const frame = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xc0);
    const length = 2 + new DataView(file.buffer).getUint16(frame + 2);
    const another = file.slice(frame, frame + length);
    new DataView(another.buffer).setUint16(5, 16_000);
    // The first is obeyed by the decoder, the last is read by the header's reader.
    const twice = Uint8Array.of(...file.subarray(0, frame), ...another, ...file.subarray(frame));
    await expect(decoder.decode(twice)).rejects.toMatchObject(refused);
  });

  test("a thousand scans", async () => {
    const file = await fileOf(kinds[1] as Kind);
    const scan = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xda);
    const next = file.findIndex((byte, i) => i > scan && byte === 0xff && file[i + 1] === 0xc4);
    const scans = Array.from({ length: 1000 }, () => [...file.subarray(scan, next)]).flat();
    const many = Uint8Array.from([...file.subarray(0, scan), ...scans, 0xff, 0xd9]);
    expect(() => readHeader(many)).toThrow("more than 100 scans");
  });
});
