import { broken } from "../header/bytes.ts";
import type { PixelStream } from "./inflate.ts";

/**
 * The rows of an image or of a pass of an interlaced one, with their filters undone (PNG third
 * edition, 9). A row is overwritten by the one after the next.
 *
 * @param bytes of a row
 * @param step bytes from a sample to that of the pixel before; 1 where a byte has several
 */
export function* unfilteredRows(
  stream: PixelStream,
  rows: number,
  bytes: number,
  step: number,
): Generator<Uint8Array, void> {
  const filtered = new Uint8Array(1 + bytes);
  // Before the first sample of a row, and above the first row, there are zeros.
  let above = new Uint8Array(step + bytes);
  let row = new Uint8Array(step + bytes);
  for (let y = 0; y < rows; y++) {
    stream.fill(filtered);
    unfilter(filtered, above, row, step);
    yield row.subarray(step);
    [above, row] = [row, above];
  }
}

function unfilter(filtered: Uint8Array, above: Uint8Array, row: Uint8Array, step: number): void {
  const end = row.length;
  switch (filtered[0]) {
    case 0:
      row.set(filtered.subarray(1), step);
      return;
    case 1:
      for (let i = step, from = 1; i < end; i++, from++) {
        row[i] = (filtered[from] as number) + (row[i - step] as number);
      }
      return;
    case 2:
      for (let i = step, from = 1; i < end; i++, from++) {
        row[i] = (filtered[from] as number) + (above[i] as number);
      }
      return;
    case 3:
      for (let i = step, from = 1; i < end; i++, from++) {
        const mean = ((row[i - step] as number) + (above[i] as number)) >> 1;
        row[i] = (filtered[from] as number) + mean;
      }
      return;
    case 4:
      for (let i = step, from = 1; i < end; i++, from++) {
        const left = row[i - step] as number;
        const top = above[i] as number;
        const corner = above[i - step] as number;
        const toLeft = Math.abs(top - corner);
        const toTop = Math.abs(left - corner);
        const toCorner = Math.abs(left + top - 2 * corner);
        const nearest =
          toLeft <= toTop && toLeft <= toCorner ? left : toTop <= toCorner ? top : corner;
        row[i] = (filtered[from] as number) + nearest;
      }
      return;
    default:
      throw broken("PNG", "a row has an unknown filter");
  }
}
