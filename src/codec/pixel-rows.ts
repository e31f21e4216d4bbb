import type { Rectangle } from "./header/stored-image.ts";
import type { Pixels } from "./types.ts";

/** Stored pixels from the top down, RGBA, alpha not premultiplied. */
export interface PixelRows {
  readonly width: number;
  readonly height: number;
  /** `height` rows of `4 * width` bytes. Each row overwrites the previous one. */
  readonly rows: Iterable<Uint8Array>;
}

/** Rows of pixels in memory. */
export function rowsOf({ width, height, data }: Pixels): PixelRows {
  function* rows(): Generator<Uint8Array, void> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let y = 0; y < height; y++) yield bytes.subarray(4 * width * y, 4 * width * (y + 1));
  }
  return { width, height, rows: rows() };
}

/** The visible part of an image. */
export function cropped(source: PixelRows, { x, y, width, height }: Rectangle): PixelRows {
  function* rows(): Generator<Uint8Array, void> {
    let row = 0;
    for (const pixels of source.rows) {
      if (row >= y + height) return;
      if (row++ >= y) yield pixels.subarray(4 * x, 4 * (x + width));
    }
  }
  return { width, height, rows: rows() };
}

/** An image on a larger transparent canvas. */
export function placed(source: PixelRows, at: Rectangle, width: number, height: number): PixelRows {
  function* rows(): Generator<Uint8Array, void> {
    const empty = new Uint8Array(4 * width);
    const row = new Uint8Array(4 * width);
    for (let y = 0; y < at.y; y++) yield empty;
    for (const pixels of source.rows) {
      row.set(pixels, 4 * at.x);
      yield row;
    }
    for (let y = at.y + source.height; y < height; y++) yield empty;
  }
  return { width, height, rows: rows() };
}
