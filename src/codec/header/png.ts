import type { Orientation } from "../types.ts";
import { broken, fourCC, truncated, viewOf } from "./bytes.ts";
import { exifOrientation } from "./exif.ts";
import type { StoredImage } from "./stored-image.ts";

/** Samples per pixel by colour type (PNG third edition, 11.2.1). */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 4, 4: 2, 6: 4 };
const BYTES_OF_RGBA = 4;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** Walks the chunks (PNG third edition, 5): IHDR has the size, eXIf may stand anywhere. */
export function readPng(bytes: Uint8Array): StoredImage {
  const view = viewOf(bytes);
  if (bytes.length < 33) throw truncated("PNG");
  if (fourCC(view, 12) !== "IHDR") throw broken("PNG", "it does not begin with IHDR");
  const size = { width: view.getUint32(16), height: view.getUint32(20) };
  const channels = CHANNELS[view.getUint8(25)];
  if (channels === undefined) throw broken("PNG", "its colour type is unknown");
  let orientation: Orientation = 1;
  for (let offset = 8; offset + 8 <= bytes.length; ) {
    const end = offset + 8 + view.getUint32(offset);
    const type = fourCC(view, offset + 4);
    if (type === "eXIf") orientation = exifOrientation(bytes.subarray(offset + 8, end));
    if (type === "IEND") break;
    offset = end + 4;
  }
  // The decoder holds the image as stored, with palettes expanded, and as RGBA.
  const bytesPerPixel = channels * (view.getUint8(24) === 16 ? 2 : 1) + BYTES_OF_RGBA;
  return { kind: "png", ...size, orientation, bytesPerPixel };
}
