import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  concatenate,
  jpegParts,
  segment,
  USUAL_SCRIPT,
  writeJpeg,
} from "../../../test/jpeg-writer.ts";
import { ihdr, pngOf } from "../../../test/png-writer.ts";
import { CosalError } from "../../errors.ts";
import { MARKER } from "../jpeg/markers.ts";
import { MAX_BYTES, NODE_DECODER_HEAP, pixelLimits, WORKER_DECODER_HEAP } from "../limits.ts";
import type { ImageKind } from "../types.ts";
import { readHeader } from "./index.ts";

const FOLDER = new URL("../../../test/fixtures/images/", import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));

function errorOf(bytes: Uint8Array, heap?: number): CosalError {
  try {
    readHeader(bytes, heap === undefined ? {} : { heap });
  } catch (error) {
    if (error instanceof CosalError) return error;
    throw error;
  }
  throw new Error("no error");
}

const KINDS: Readonly<Record<string, ImageKind>> = {
  jpg: "baseline_jpeg",
  png: "png",
  webp: "lossless_webp",
  avif: "avif",
};

describe.each(["jpg", "png", "webp", "avif"])("%s", (suffix) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("orientation %i: the size is upright", (orientation) => {
    const header = readHeader(read(`orientation-${orientation}.${suffix}`));
    expect(header).toEqual({
      type: `image/${suffix === "jpg" ? "jpeg" : suffix}`,
      kind: KINDS[suffix],
      width: 48,
      height: 32,
      orientation,
      cost: expect.any(Number),
    });
  });

  test("any truncation and any flipped byte gives a header or a CosalError", () => {
    const whole = read(`orientation-6.${suffix}`);
    fc.assert(
      fc.property(
        fc.nat(whole.length),
        fc.nat(whole.length - 1),
        fc.nat(255),
        (length, index, byte) => {
          const bytes = whole.slice(0, length);
          if (index < length) bytes[index] = byte;
          try {
            readHeader(bytes);
          } catch (error) {
            if (!(error instanceof CosalError) || !error.isCallerFault) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("a JPEG that ends between its segments, or a progressive one between its scans", () => {
  const bytes = read("orientation-1.jpg");
  const scan = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xda);
  expect(errorOf(bytes.subarray(0, scan)).code).toBe("image_undecodable");
  expect(errorOf(bytes.subarray(0, scan + 5)).code).toBe("image_undecodable");
  expect(errorOf(read("progressive.jpg").subarray(0, 500)).code).toBe("image_undecodable");
});

test("text, nothing, and a GIF are no images", () => {
  for (const text of ["hello, I am no JPEG", "", "GIF89a....................."]) {
    expect(errorOf(new TextEncoder().encode(text)).code).toBe("image_type_unsupported");
  }
});

/** A JPEG with Exif segments of those orientations; `undefined` is one without an orientation. */
function withExif(...orientations: (number | undefined)[]): Uint8Array {
  const segments = orientations.map((orientation) => {
    const entry =
      orientation === undefined ? [] : [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
    const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, entry.length / 12, ...entry, 0, 0, 0, 0];
    return segment(MARKER.APP1, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff);
  });
  return writeJpeg({ width: 40, height: 20, sampling: [[1, 1]], before: segments });
}

test.each<[(number | undefined)[], number]>([
  [[6], 6],
  [[6, 1], 6],
  [[6, undefined], 6],
  [[1, 6], 1],
  [[undefined, 6], 1],
  [[6, 8, 3], 6],
])("Exif segments with orientations %j: the first counts", (orientations, wanted) => {
  const [width, height] = wanted > 4 ? [20, 40] : [40, 20];
  expect(readHeader(withExif(...orientations))).toMatchObject({
    width,
    height,
    orientation: wanted,
  });
});

test("other APP1 segments are no Exif", () => {
  const xmp = segment(MARKER.APP1, ...new TextEncoder().encode("http://ns.adobe.com/xap/1.0/"));
  const parts = withExif(6);
  const bytes = Uint8Array.of(...parts.subarray(0, 2), ...xmp, ...parts.subarray(2));
  expect(readHeader(bytes).orientation).toBe(6);
});

test("one pixel is too small", () => {
  const error = errorOf(read("one-pixel.png"));
  expect(error.code).toBe("image_too_small");
  expect(error.limit).toEqual({ name: "minimum side in pixels", limit: 8, actual: 1 });
  expect(errorOf(read("one-pixel.jpg")).code).toBe("image_too_small");
});

test("an animation is its first picture", () => {
  expect(readHeader(read("animated.webp")).width).toBe(48);
  expect(readHeader(read("animated.png")).width).toBe(48);
});

/** A PNG of which only signature and IHDR exist. */
function pngHeader(width: number, height: number, interlaced = false): Uint8Array<ArrayBuffer> {
  return pngOf(ihdr({ width, height, depth: 8, colour: 2, interlaced }));
}

test("a header of 30,000 x 30,000 is refused, in a Worker and in Node", () => {
  for (const heap of [WORKER_DECODER_HEAP, NODE_DECODER_HEAP]) {
    const error = errorOf(pngHeader(30_000, 30_000), heap);
    expect(error.code).toBe("image_too_many_pixels");
    expect(error.message).toContain("30000 x 30000");
  }
  expect(errorOf(pngHeader(16_000, 16_000, true)).limit?.name).toBe("pixels");
  expect(readHeader(pngHeader(2400, 1900, true)).width).toBe(2400);
});

/** A JPEG without data, of which a header's reader only sees how it is built. */
function structure(width: number, height: number, scans: number, progressive = true): Uint8Array {
  const parts = jpegParts({ width: 8, height: 8, sampling: [[1, 1]], progressive, scans: [] });
  const frame = progressive ? MARKER.SOF2 : MARKER.SOF0;
  const sized = parts.map((part) => {
    const sides = [height >> 8, height & 255, width >> 8, width & 255];
    return part[1] === frame
      ? Uint8Array.of(...part.subarray(0, 5), ...sides, ...part.subarray(9))
      : part;
  });
  const scan = (i: number) => segment(MARKER.SOS, 1, 1, 0, ...(i === 0 ? [0, 0, 0] : [1, 63, 0]));
  const all = Array.from({ length: scans }, (_, i) => scan(i));
  return concatenate([...sized.slice(0, -1), ...all, ...sized.slice(-1)]);
}

test("a progressive JPEG may have fewer pixels than a baseline one", () => {
  for (const [width, height] of [
    [4032, 3024],
    [8160, 6120],
  ] as const) {
    expect(readHeader(structure(width, height, 1, false)).kind).toBe("baseline_jpeg");
    expect(readHeader(structure(width, height, 10)).kind).toBe("progressive_jpeg");
  }
  expect(readHeader(structure(16_000, 16_000, 1, false)).kind).toBe("baseline_jpeg");
  const error = errorOf(structure(16_000, 16_000, 10));
  expect(error.message).toContain("The progressive JPEG is 16000 x 16000 pixels");
  expect(error.limit?.name).toBe("pixels");
});

test("scans of a progressive JPEG go through so many blocks, all together", () => {
  const error = errorOf(structure(8600, 8600, 100), NODE_DECODER_HEAP);
  expect(error.code).toBe("image_too_many_pixels");
  expect(error.message).toContain("100 scans, which go through 115562500 blocks");
  expect(error.limit).toEqual({
    ...{ name: "blocks in all scans", limit: 64_000_000, actual: 115_562_500 },
  });
  const half = structure(8600, 8600, 50);
  expect(readHeader(half, { heap: NODE_DECODER_HEAP }).width).toBe(8600);
  // In a Worker, whose thread serves nobody meanwhile, fewer; a GPU server may take the others.
  expect(errorOf(half).limit).toMatchObject({ name: "blocks in all scans", limit: 24_000_000 });
  const { decodedElsewhere } = readHeader(half, { elsewhere: true });
  expect(decodedElsewhere?.refusal.limit?.limit).toBe(24_000_000);
  expect(readHeader(structure(8600, 8600, 20)).width).toBe(8600);
  expect(errorOf(structure(100, 100, 101)).message).toContain("more than 100 scans");
});

test("the usual scans of the largest image are within that", () => {
  const factors = [1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
  const sampling = [1, 2, 3].map(() => [1, 1] as const);
  const script = { width: 8, height: 8, sampling, progressive: true, scans: USUAL_SCRIPT };
  const parts = jpegParts(script).map((part) =>
    part[1] === MARKER.SOF2 ? segment(MARKER.SOF2, 8, 0x3f, 0xff, 0x3f, 0xff, 3, ...factors) : part,
  );
  expect(readHeader(concatenate(parts), { heap: NODE_DECODER_HEAP }).width).toBe(16_383);
});

test("what decoding costs grows with pixels, bytes and scans", () => {
  const { cost } = readHeader(structure(4000, 3000, 1, false));
  expect(readHeader(structure(2000, 1500, 1, false)).cost).toBeLessThan(cost);
  const progressive = readHeader(structure(4000, 3000, 10)).cost;
  expect(progressive).toBeGreaterThan(cost);
  expect(readHeader(structure(4000, 3000, 100)).cost).toBeGreaterThan(2 * progressive);
  const padded = new Uint8Array(1e6);
  padded.set(structure(4000, 3000, 1, false));
  expect(readHeader(padded).cost).toBeCloseTo(cost + 30, 0);
});

test("every file of a kind is taken up to the pixels that are told of it", () => {
  const limits = pixelLimits(WORKER_DECODER_HEAP);
  expect(limits.baseline_jpeg).toBe(16_383 ** 2);
  expect(limits.png).toBe(64_000_000);
  expect(readHeader(pngHeader(16_000, 4000))).toMatchObject({ kind: "png", width: 16_000 });
  expect(errorOf(pngHeader(16_000, 4001), NODE_DECODER_HEAP).message).toContain("at most 64000000");
  const kind = "interlaced_png";
  const width = 2000;
  const height = Math.floor(limits[kind] / width);
  /** A file of 4 MiB with such a header. */
  const fileOf = (height: number) => {
    const header = ihdr({ width, height, depth: 8, colour: 2, interlaced: true });
    return pngOf(header, { type: "IDAT", data: new Uint8Array(4 * 2 ** 20 - 8 - 25 - 12) });
  };
  expect(readHeader(fileOf(height))).toMatchObject({ kind, width, height });
  const error = errorOf(fileOf(height + 1));
  expect(error.message).toContain("The interlaced PNG is 2000 x");
  expect(error.limit).toEqual({
    name: "pixels",
    limit: limits[kind],
    actual: width * (height + 1),
  });
});

test("too many bytes", () => {
  const error = errorOf(new Uint8Array(MAX_BYTES + 1));
  expect(error.code).toBe("image_too_large");
  expect(error.limit).toEqual({ name: "bytes", limit: MAX_BYTES, actual: MAX_BYTES + 1 });
});

test("every fixture has a header or a caller's error", () => {
  for (const name of readdirSync(FOLDER)) {
    try {
      readHeader(read(name));
    } catch (error) {
      expect((error as CosalError).isCallerFault, name).toBe(true);
    }
  }
});
