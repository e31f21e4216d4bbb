import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withProperties } from "../../../test/heif-writer.ts";
import { concatenate, jpegParts, segment } from "../../../test/jpeg-writer.ts";
import { type Chunk, chunk, idat, ihdr, pngOf } from "../../../test/png-writer.ts";
import { nodeDecoder, nodeWebpEncoder } from "../node.ts";
import { cutout, overlay } from "../output/composite.ts";
import type { Pixels } from "../types.ts";
import { webpChunks, webpOf } from "../webp/chunks.ts";
import { extendedChunk, FLAG } from "../webp/extended.ts";
import { gammaCurve, matrixProfile, type Primaries, srgbCurve } from "./build.ts";
import { MAX_PROFILE_BYTES, spaceOf, tagOf } from "./icc.ts";
import { carriedProfile, profileOfCodes } from "./spaces.ts";

const FOLDER = new URL("../../../test/fixtures/images/", import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));
const decoder = nodeDecoder();
const profileIn = async (file: Uint8Array) => (await decoder.decode(file)).profile;

const P3 = profileOfCodes(12, 13) as Uint8Array<ArrayBuffer>;
const D65 = [0.3127, 0.329] as const;
const ADOBE: Primaries = { white: D65, red: [0.64, 0.33], green: [0.21, 0.71], blue: [0.15, 0.06] };

/** A profile of another colour space: letters 16 to 20 of the header say which. */
function inSpace(profile: Uint8Array, space: string): Uint8Array {
  const copy = profile.slice();
  copy.set(Buffer.from(space, "latin1"), 16);
  return copy;
}

const SIZE = { width: 16, height: 16 };

function png(...chunks: readonly Chunk[]): Uint8Array {
  const rows = new Uint8Array(16 * (1 + 3 * 16)).fill(90);
  for (let y = 0; y < 16; y++) rows[y * 49] = 0;
  return pngOf(ihdr({ ...SIZE, depth: 8, colour: 2 }), ...chunks, idat(rows), chunk("IEND"));
}

const iccp = (profile: Uint8Array) =>
  chunk("iCCP", [...Buffer.from("x\0\0", "latin1"), ...deflateSync(profile)]);

/** A JPEG with a profile in segments of at most `length` bytes, in the order of `shuffle`. */
function jpeg(profile: Uint8Array, length: number, shuffle = (parts: Uint8Array[]) => parts) {
  const count = Math.ceil(profile.length / length);
  const segments = Array.from({ length: count }, (_, i) => {
    const part = profile.subarray(i * length, (i + 1) * length);
    return segment(0xe2, ...Buffer.from("ICC_PROFILE\0", "latin1"), i + 1, count, ...part);
  });
  const script = { ...SIZE, sampling: [1, 2, 3].map(() => [1, 1] as const) };
  const [soi, ...rest] = jpegParts(script);
  return concatenate([soi as Uint8Array, ...shuffle(segments), ...rest]);
}

const lossy = [...webpChunks(read("lossy.webp"))].find(({ type }) => type === "VP8 ");
const webp = (profile: Uint8Array) =>
  webpOf([
    extendedChunk({ width: 48, height: 32 }, FLAG.profile),
    { type: "ICCP", data: profile },
    lossy as NonNullable<typeof lossy>,
  ]);

/** The fixture, whose own `colr` is made something else, with one of this kind. */
function avif(kind: string, content: ArrayLike<number>): Uint8Array {
  const bytes = Buffer.from(read("orientation-1.avif"));
  bytes.write("free", bytes.indexOf("colr"));
  return withProperties(bytes, [
    { type: "colr", content: [...Buffer.from(kind, "latin1"), ...Array.from(content)] },
  ]);
}

describe("a file's profile", () => {
  test.each<[string, Uint8Array]>([
    ["PNG", png(iccp(P3))],
    ["the first of two in a PNG", png(iccp(P3), iccp(inSpace(P3, "CMYK")))],
    ["JPEG, in one segment", jpeg(P3, 60_000)],
    ["JPEG, in five segments out of order", jpeg(P3, 100, (parts) => parts.reverse())],
    ["WebP", webp(P3)],
    ["AVIF", avif("prof", P3)],
    ["AVIF, by code points", avif("nclx", [0, 12, 0, 13, 0, 6, 0x80])],
    ["PNG, by code points", png(chunk("cICP", [12, 13, 0, 1]), iccp(inSpace(P3, "CMYK")))],
  ])("%s", async (_name, file) => {
    expect(await profileIn(file)).toEqual(P3);
  });

  test("goes into cut-outs and overlays, as PNG and as WebP", async () => {
    const record = { ...SIZE, logits: { width: 1, height: 1, data: Float32Array.of(2) } };
    const photograph = await decoder.decode(png(iccp(P3)));
    const plain: Pixels = { width: 16, height: 16, data: photograph.data };
    for (const make of [cutout, overlay]) {
      for (const options of [{}, { webp: nodeWebpEncoder() }]) {
        const found = await decoder.decode(await make(photograph, record, options));
        expect(found.profile).toEqual(P3);
        const without = await decoder.decode(await make(plain, record, options));
        expect(without.profile).toBeUndefined();
        expect(found.data).toEqual(without.data);
      }
    }
  });

  test.each<[string, Uint8Array]>([
    ["sRGB by code points", avif("nclx", [0, 1, 0, 13, 0, 6, 0x80])],
    ["television's by code points", avif("nclx", [0, 1, 0, 1, 0, 1, 0])],
    ["left open", avif("nclx", [0, 2, 0, 2, 0, 2, 0x80])],
    ["PQ", avif("nclx", [0, 9, 0, 16, 0, 9, 0x80])],
    ["one for CMYK", png(iccp(inSpace(P3, "CMYK")))],
    ["one that is cut", png(iccp(P3.subarray(0, 200)))],
    ["no zlib stream", png(chunk("iCCP", "x\0\0sRGB"))],
    ["no name", png(chunk("iCCP", "x"))],
    ["a segment missing", jpeg(P3, 100, (parts) => parts.slice(1))],
    ["too large", png(iccp(new Uint8Array(MAX_PROFILE_BYTES + 1)))],
    ["sRGB beside a gamma", png(chunk("sRGB", [0]), chunk("gAMA", [0, 1, 0x86, 0xa0]))],
    ["the usual gamma", png(chunk("gAMA", [0, 0, 0xb1, 0x8f]))],
    ["a gamma of 0", png(chunk("gAMA", [0, 0, 0, 0]))],
  ])("is none: %s", async (_name, file) => {
    expect(await profileIn(file)).toBeUndefined();
  });

  test("is made of a gamma and the places of the colours in a PNG", async () => {
    const places = [...ADOBE.white, ...ADOBE.red, ...ADOBE.green, ...ADOBE.blue];
    const chrm = places.flatMap((place) => {
      const value = Math.round(place * 100_000);
      return [0, value >> 16, (value >> 8) & 255, value & 255];
    });
    const linear = chunk("gAMA", [0, 1, 0x86, 0xa0]);
    const made = await profileIn(png(linear, chunk("cHRM", chrm)));
    expect(made).toEqual(matrixProfile(ADOBE, gammaCurve(1)));
    expect(await profileIn(png(linear))).toBeDefined();
  });

  test("whatever it is, it refuses no file, and what is carried is sound", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("iCCP", "cICP", "gAMA", "cHRM"),
        fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.nat(P3.length - 1)),
        async (type, change) => {
          const damaged = P3.slice();
          if (typeof change === "number") damaged[change]! ^= 0xff;
          const made = typeof change === "number" ? iccp(damaged) : chunk(type, [...change]);
          const profile = await profileIn(png(made));
          if (profile !== undefined) expect(spaceOf(profile)).toBe("RGB ");
        },
      ),
    );
  });
});

test("a grey profile becomes one for RGB, with its curve and sRGB's colours", () => {
  const grey = inSpace(matrixProfile(ADOBE, gammaCurve(1.8)), "GRAY");
  grey.set(Buffer.from("kTRC", "latin1"), Buffer.from(grey).indexOf("rTRC"));
  const made = carriedProfile(grey) as Uint8Array;
  expect(spaceOf(made)).toBe("RGB ");
  expect(tagOf(made, "gTRC")).toEqual(gammaCurve(1.8));
});

test("a profile that is made says where the colours lie: as the published ones of sRGB and P3 do", () => {
  const columns = (profile: Uint8Array) =>
    ["rXYZ", "gXYZ", "bXYZ"].map((name) => {
      const tag = tagOf(profile, name) as Uint8Array;
      const view = new DataView(tag.buffer, tag.byteOffset);
      return [8, 12, 16].map((offset) => view.getInt32(offset) / 65_536);
    });
  const expectNear = (found: number[][], wanted: number[][]) => {
    for (const [i, column] of wanted.entries()) {
      for (const [k, value] of column.entries()) {
        expect(Math.abs((found[i]?.[k] as number) - value)).toBeLessThan(0.001);
      }
    }
  };
  const sRGB = { white: D65, red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] } as const;
  // sRGB v4 and Apple's Display P3, as both organisations publish them.
  expectNear(columns(matrixProfile(sRGB, srgbCurve())), [
    [0.436, 0.2225, 0.0139],
    [0.3851, 0.7169, 0.0971],
    [0.1431, 0.0606, 0.7139],
  ]);
  expectNear(columns(P3), [
    [0.5151, 0.2412, -0.0011],
    [0.292, 0.6922, 0.0419],
    [0.1571, 0.0666, 0.7841],
  ]);
});
