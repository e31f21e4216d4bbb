import { CosalError } from "../../errors.ts";
import { broken, truncated, viewOf } from "../header/bytes.ts";
import { type PngChunk, pngChunks } from "./chunks.ts";

/** Colour types (PNG third edition, 11.2.1), with the samples of a pixel and the depths they may have. */
export const COLOUR = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const;
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
const COLOURS_OF_PALETTE = 256;

/** A parsed PNG file. Faults in chunks that its pixels do not need are ignored. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  readonly colour: number;
  /** Samples of a pixel. */
  readonly samples: number;
  readonly isInterlaced: boolean;
  /** Of a palette: red, green and blue of each colour. */
  readonly palette: Uint8Array | undefined;
  /** tRNS, where it has the length that this kind of image needs. */
  readonly transparency: Uint8Array | undefined;
  /** The pixels' chunks, in order. */
  readonly idat: readonly PngChunk[];
  /** The first sound chunk of each type that says something about the image. */
  readonly ancillary: ReadonlyMap<string, Uint8Array>;
}

const ANCILLARY = new Set(["tRNS", "eXIf", "iCCP", "sRGB", "gAMA", "cHRM", "cICP"]);

/**
 * Parses a file. A damaged IHDR or PLTE is an error, and so is an unknown critical chunk before the
 * pixels. Other chunks are ignored if they are damaged, repeated or of a wrong length (PNG third
 * edition, 13.2: errors in ancillary chunks need not end the decoding).
 *
 * @throws CosalError image_undecodable
 */
export function readPngImage(bytes: Uint8Array): PngImage {
  const chunks = pngChunks(bytes);
  const first = chunks.next();
  if (first.done) throw truncated("PNG");
  const header = readIhdr(first.value);
  let palette: Uint8Array | undefined;
  const idat: PngChunk[] = [];
  const ancillary = new Map<string, Uint8Array>();
  for (const chunk of chunks) {
    const { type, data } = chunk;
    if (type === "IDAT") idat.push(chunk);
    else if (ANCILLARY.has(type)) {
      const isInPlace = idat.length === 0 || type === "eXIf";
      if (isInPlace && !ancillary.has(type) && chunk.isSound()) ancillary.set(type, data);
    } else if (idat.length === 0 && !isAncillary(type)) {
      if (type !== "PLTE" || palette !== undefined) {
        throw broken("PNG", `a critical chunk is ${type === "PLTE" ? "there twice" : "unknown"}`);
      }
      palette = readPlte(chunk, header.colour);
      ancillary.delete("tRNS"); // counts after the palette only
    }
  }
  if (header.colour === COLOUR.palette && palette === undefined) {
    throw broken("PNG", "its palette is missing");
  }
  const transparency = readTrns(ancillary.get("tRNS"), header.colour);
  return { ...header, palette, transparency, idat, ancillary };
}

function readIhdr(chunk: PngChunk) {
  if (chunk.type === "CgBI") {
    throw new CosalError(
      "image_type_unsupported",
      "The PNG is in the form that Xcode gives pictures inside of apps (CgBI), which is no PNG: send the original.",
    );
  }
  if (chunk.type !== "IHDR") throw broken("PNG", "it does not begin with IHDR");
  if (chunk.data.length !== 13 || !chunk.isSound()) throw broken("PNG", "its header is damaged");
  const view = viewOf(chunk.data);
  const [depth = 0, colour = 0, compression, filter, interlace = 0] = chunk.data.subarray(8);
  const samples = SAMPLES[colour];
  if (samples === undefined || !DEPTHS[colour]?.includes(depth)) {
    throw broken("PNG", `colour type ${colour} with ${depth} bits is unknown`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw broken("PNG", "its compression, filters or interlacing are unknown");
  }
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth,
    colour,
    samples,
    isInterlaced: interlace === 1,
  };
}

/** The first letter is small (5.4). Whether all four are letters is not looked at. */
function isAncillary(type: string): boolean {
  return (type.charCodeAt(0) & 0x20) !== 0;
}

/** Only a palette image cannot do without; in others PLTE is a suggestion (11.2.2). */
function readPlte(chunk: PngChunk, colour: number): Uint8Array {
  const colours = Math.floor(chunk.data.length / 3);
  if (colour === COLOUR.palette) {
    if (!chunk.isSound()) throw broken("PNG", "its palette is damaged");
    if (colours < 1 || colours > COLOURS_OF_PALETTE) {
      throw broken("PNG", `its palette has ${colours} colours`);
    }
  }
  return chunk.data.subarray(0, 3 * colours);
}

/** What an image without alpha says of transparency (11.3.1.1). */
function readTrns(data: Uint8Array | undefined, colour: number): Uint8Array | undefined {
  const least = { [COLOUR.grey]: 2, [COLOUR.rgb]: 6, [COLOUR.palette]: 1 }[colour];
  return data !== undefined && least !== undefined && data.length >= least ? data : undefined;
}
