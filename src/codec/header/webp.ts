import {
  isRiffOfWebp,
  lengthOfRiff,
  type RiffChunk,
  uint24,
  webpChunks,
  webpOf,
} from "../webp/chunks.ts";
import { extendedChunk, FLAG, readExtended } from "../webp/extended.ts";
import { readFrame } from "../webp/frame.ts";
import { broken, truncated, viewOf } from "./bytes.ts";
import { exifOrientation } from "./exif.ts";
import type { StoredImage } from "./stored-image.ts";

export { isRiffOfWebp as isWebp };

/** Walks the RIFF chunks (RFC 9649, 2.3 to 2.7). Of an animation the first frame is the image. */
export function readWebp(bytes: Uint8Array): StoredImage {
  const chunks = [...webpChunks(bytes)];
  const isCut = lengthOfRiff(bytes) > bytes.length;
  const first = (...types: string[]) => chunks.find(({ type }) => types.includes(type));
  const exif = first("EXIF");
  const orientation = exif ? exifOrientation(withoutPrefix(exif.data)) : 1;
  const vp8x = first("VP8X");
  const extended = vp8x && readExtended(vp8x);
  const anmf = first("ANMF");
  if (extended !== undefined && extended.flags & FLAG.animation) {
    if (anmf === undefined) throw missing(isCut, "it is an animation without frames");
    const { width, height } = extended;
    const { place, bitstream, file } = readFrame(anmf);
    const { kind, ...size } = readBitstream(bitstream);
    const isInside = place.x + place.width <= width && place.y + place.height <= height;
    if (!isInside || size.width !== place.width || size.height !== place.height) {
      throw broken("WebP", "its first frame has another size than it says");
    }
    return { kind, width, height, orientation, place, file };
  }
  const bitstream = first("VP8 ", "VP8L");
  if (bitstream === undefined) throw missing(isCut, "it has no image");
  const { kind, ...size } = readBitstream(bitstream);
  const { width, height } = extended ?? size;
  const image = { kind, width, height, orientation } as const;
  // Chromium and the format (2.7) go by the flag for alpha, libwebp's decoder by the chunk. That
  // decoder also wants all of a file, where Chromium shows one of which only metadata are missing.
  const hasAlpha = ((extended?.flags ?? 0) & FLAG.alpha) !== 0;
  const alpha = first("ALPH");
  if (size.width !== width || size.height !== height) return image;
  if (!isCut && (alpha === undefined || hasAlpha)) return image;
  const needed =
    alpha !== undefined && hasAlpha
      ? [extendedChunk(size, FLAG.alpha), alpha, bitstream]
      : [bitstream];
  return { ...image, file: webpOf(needed) };
}

function missing(isCut: boolean, what: string) {
  return isCut ? truncated("WebP") : broken("WebP", what);
}

function readBitstream({ type, data }: RiffChunk) {
  return type === "VP8 "
    ? ({ kind: "lossy_webp", ...readLossy(data) } as const)
    : ({ kind: "lossless_webp", ...readLossless(data) } as const);
}

/** VP8 key frame header (RFC 6386, 9.1). */
function readLossy(data: Uint8Array) {
  const view = viewOf(data);
  if (data.length < 10 || uint24(view, 3) !== 0x2a019d) {
    throw broken("WebP", "its VP8 frame header is wrong");
  }
  return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff };
}

/** VP8L header (RFC 9649, 3.4): two 14-bit numbers after the signature. */
function readLossless(data: Uint8Array) {
  if (data.length < 5 || data[0] !== 0x2f) throw broken("WebP", "its VP8L header is wrong");
  const bits = viewOf(data).getUint32(1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/** Some writers keep JPEG's "Exif\0\0" before the TIFF header. */
function withoutPrefix(exif: Uint8Array): Uint8Array {
  return exif[0] === 0x45 && exif[1] === 0x78 ? exif.subarray(6) : exif;
}
