import { type Frame, samplesPerPixel } from "../jpeg/frame.ts";
import { MARKER } from "../jpeg/markers.ts";
import { isRowByRow, readStructure, scannedBlocks } from "../jpeg/structure.ts";
import { exifOrientation } from "./exif.ts";
import type { StoredImage } from "./stored-image.ts";

const BYTES_OF_RGBA = 4;
const BYTES_OF_COEFFICIENT = 2;

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === MARKER.SOI && bytes[2] === 0xff;
}

export function readJpeg(bytes: Uint8Array): StoredImage {
  const structure = readStructure(bytes);
  const { frame, exif } = structure;
  const { width, height } = frame;
  const image = { width, height, orientation: exif ? exifOrientation(exif) : 1 } as const;
  if (isRowByRow(structure)) return { kind: "baseline_jpeg", ...image };
  return {
    ...{ kind: "progressive_jpeg", ...image },
    ...{ scans: structure.scans.length, scannedBlocks: scannedBlocks(structure) },
    bytesPerPixel: reducedBytesPerPixel(frame),
  };
}

/** Which coefficients are not 0; at an eighth, RGBA and a coefficient of each component. */
function reducedBytesPerPixel(frame: Frame): number {
  const reduced = BYTES_OF_RGBA + BYTES_OF_COEFFICIENT * frame.components.length;
  return samplesPerPixel(frame) / 8 + reduced / 64;
}
