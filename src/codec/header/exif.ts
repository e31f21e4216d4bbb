import type { Orientation } from "../types.ts";
import { viewOf } from "./bytes.ts";

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;

/**
 * The orientation in an EXIF block (a TIFF header and its first directory; EXIF 2.32, 4.6.2).
 * A broken block is no reason to refuse a photograph: it counts as upright.
 */
export function exifOrientation(exif: Uint8Array): Orientation {
  try {
    const view = viewOf(exif);
    const order = view.getUint16(0);
    if (order !== 0x4949 && order !== 0x4d4d) return 1;
    const little = order === 0x4949;
    if (view.getUint16(2, little) !== 42) return 1;
    const directory = view.getUint32(4, little);
    const entries = view.getUint16(directory, little);
    for (let i = 0; i < entries; i++) {
      const entry = directory + 2 + 12 * i;
      if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
      if (view.getUint16(entry + 2, little) !== SHORT) return 1;
      const value = view.getUint16(entry + 8, little);
      return value >= 1 && value <= 8 ? (value as Orientation) : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}
