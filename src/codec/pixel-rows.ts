import type { Pixels } from "./types.ts";

/** Stored pixels from the top down, RGBA, alpha not premultiplied. */
export interface PixelRows {
  readonly width: number;
  readonly height: number;
  /** `height` rows of `4 * width` bytes. A row is overwritten when the next one is asked for. */
  readonly rows: Iterable<Uint8Array>;
}

/** The rows of pixels that are in memory. */
export function rowsOf({ width, height, data }: Pixels): PixelRows {
  function* rows(): Generator<Uint8Array, void> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let y = 0; y < height; y++) yield bytes.subarray(4 * width * y, 4 * width * (y + 1));
  }
  return { width, height, rows: rows() };
}
