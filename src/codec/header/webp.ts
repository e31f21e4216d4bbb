import { CosalError } from "../../errors.ts";
import type { ImageKind } from "../limits.ts";
import type { Orientation } from "../types.ts";
import { broken, fourCC, truncated, viewOf } from "./bytes.ts";
import { exifOrientation } from "./exif.ts";
import type { StoredImage } from "./stored-image.ts";

const ANIMATION = 0x02;

export function isWebp(bytes: Uint8Array): boolean {
  if (bytes.length < 12) return false;
  const view = viewOf(bytes);
  return fourCC(view, 0) === "RIFF" && fourCC(view, 8) === "WEBP";
}

/** Walks the RIFF chunks (RFC 9649, 2.3 to 2.7). */
export function readWebp(bytes: Uint8Array): StoredImage {
  const view = viewOf(bytes);
  if (view.getUint32(4, true) + 8 > bytes.length) throw truncated("WebP");
  let size: { width: number; height: number } | undefined;
  let orientation: Orientation = 1;
  let kind: ImageKind = "lossy_webp";
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const type = fourCC(view, offset);
    const length = view.getUint32(offset + 4, true);
    const data = offset + 8;
    if (data + length > bytes.length) throw truncated("WebP");
    if (type === "VP8X") {
      if (length < 10) throw broken("WebP", "its VP8X chunk is too short");
      if (view.getUint8(data) & ANIMATION) {
        throw new CosalError(
          "image_type_unsupported",
          "The WebP file is an animation; still images are supported.",
        );
      }
      size ??= { width: 1 + uint24(view, data + 4), height: 1 + uint24(view, data + 7) };
    } else if (type === "VP8 ") {
      size ??= readLossy(view, data, length);
    } else if (type === "VP8L") {
      size ??= readLossless(view, data, length);
      kind = "lossless_webp";
    } else if (type === "EXIF") {
      orientation = exifOrientation(withoutPrefix(bytes.subarray(data, data + length)));
    }
    offset = data + length + (length & 1);
  }
  if (!size) throw broken("WebP", "it has no image");
  return { kind, ...size, orientation };
}

function uint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
}

/** VP8 key frame header (RFC 6386, 9.1). */
function readLossy(view: DataView, offset: number, length: number) {
  if (length < 10 || uint24(view, offset + 3) !== 0x2a019d) {
    throw broken("WebP", "its VP8 frame header is wrong");
  }
  return {
    width: view.getUint16(offset + 6, true) & 0x3fff,
    height: view.getUint16(offset + 8, true) & 0x3fff,
  };
}

/** VP8L header (RFC 9649, 3.4): two 14-bit numbers after the signature. */
function readLossless(view: DataView, offset: number, length: number) {
  if (length < 5 || view.getUint8(offset) !== 0x2f) {
    throw broken("WebP", "its VP8L header is wrong");
  }
  const bits = view.getUint32(offset + 1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/** Some writers keep JPEG's "Exif\0\0" before the TIFF header. */
function withoutPrefix(exif: Uint8Array): Uint8Array {
  return exif[0] === 0x45 && exif[1] === 0x78 ? exif.subarray(6) : exif;
}
