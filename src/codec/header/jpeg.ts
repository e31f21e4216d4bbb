import { samplesPerPixel } from "../jpeg/frame.ts";
import { MARKER } from "../jpeg/markers.ts";
import { readStructure, type Structure } from "../jpeg/structure.ts";
import { IMAGE_KINDS } from "../limits.ts";
import { exifOrientation } from "./exif.ts";
import type { StoredImage } from "./stored-image.ts";

const BYTES_PER_COEFFICIENT = 2;

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === MARKER.SOI && bytes[2] === 0xff;
}

export function readJpeg(bytes: Uint8Array): StoredImage {
  const structure = readStructure(bytes);
  const { frame, exif } = structure;
  const { width, height } = frame;
  const image = { width, height, orientation: exif ? exifOrientation(exif) : 1 } as const;
  if (isRowByRow(structure)) return { kind: "baseline_jpeg", ...image };
  const coefficients = BYTES_PER_COEFFICIENT * samplesPerPixel(frame);
  const bytesPerPixel = IMAGE_KINDS.baseline_jpeg.bytesPerPixel + coefficients;
  return { kind: "progressive_jpeg", ...image, bytesPerPixel };
}

/** Whether a pixel is complete in one scan; otherwise all coefficients are kept to the end. */
function isRowByRow({ frame, scans }: Structure): boolean {
  return !frame.progressive && scans.length === 1;
}
