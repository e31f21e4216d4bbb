import { binaryRows, maskRows } from "../mask.ts";
import { type PausableOptions, prepared } from "./options.ts";
import { paced, runInPieces } from "./paced.ts";
import { encodePng } from "./png/png.ts";
import type { MaskRecord } from "./record.ts";
import { encodeGreyWebp } from "./webp/grey-webp.ts";

/** The soft mask as an 8-bit grey PNG of the photograph's size; 255 is object. */
export async function maskPng(
  record: MaskRecord,
  options?: PausableOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, logits } = prepared(record, options);
  const rows = paced(maskRows(logits, width, height), width, options?.pause);
  return encodePng(width, height, "grey", rows);
}

/** The soft mask as a lossless grey WebP of the photograph's size; 255 is object. */
export async function maskWebp(
  record: MaskRecord,
  options?: PausableOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, logits } = prepared(record, options);
  const work = encodeGreyWebp(width, height, maskRows(logits, width, height));
  return runInPieces(work, options?.pause);
}

/** The mask at the threshold as a PNG of one bit per pixel, of the photograph's size; white is object. */
export async function binaryPng(
  record: MaskRecord,
  options?: PausableOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, logits, level } = prepared(record, options);
  const rows = packed(binaryRows(logits, width, height, level), width);
  return encodePng(width, height, "binary", paced(rows, width, options?.pause));
}

/** Eight pixels to a byte, the first in its highest bit. */
function* packed(rows: Iterable<Uint8Array>, width: number): Generator<Uint8Array> {
  const bits = new Uint8Array(Math.ceil(width / 8));
  const padded = new Uint8Array(8 * bits.length);
  for (const row of rows) {
    padded.set(row);
    for (let i = 0, x = 0; i < bits.length; i++) {
      let byte = 0;
      for (let k = 0; k < 8; k++) byte = (byte << 1) | (padded[x++] as number);
      bits[i] = byte;
    }
    yield bits;
  }
}
