import { cropped, type PixelRows, rowsOf } from "../../pixel-rows.ts";
import { reducedRows } from "../../resample.ts";
import type { Pixels } from "../../types.ts";
import type { Size } from "./layout.ts";

/** Red, green and blue, 0..255. */
export type Colour = readonly [number, number, number];

/** What objects stand before; transparent where it is missing. */
export type Backdrop = Colour | Pixels;

/** Rows of RGBA of the canvas' size; a row's buffer is used again for the next. */
export function backdropRows(backdrop: Backdrop | undefined, canvas: Size): Iterable<Uint8Array> {
  if (backdrop !== undefined && "data" in backdrop) return covering(backdrop, canvas).rows;
  const row = new Uint8Array(4 * canvas.width);
  if (backdrop !== undefined) {
    for (let i = 0; i < row.length; i += 4) row.set([...backdrop, 255], i);
  }
  return repeated(row, canvas.height);
}

/** The same picture of the canvas' size, where that is the smaller one: it takes less memory. */
export function fittedBackdrop(pixels: Pixels, canvas: Size): Pixels {
  if (canvas.width * canvas.height >= pixels.width * pixels.height) return pixels;
  const data = new Uint8Array(4 * canvas.width * canvas.height);
  let at = 0;
  for (const row of covering(pixels, canvas).rows) {
    data.set(row, at);
    at += row.length;
  }
  return { ...canvas, data };
}

/** The middle of a picture, as much as has the canvas' shape. */
function covering(pixels: Pixels, canvas: Size): PixelRows {
  const scale = Math.max(canvas.width / pixels.width, canvas.height / pixels.height);
  const width = Math.min(pixels.width, Math.max(1, Math.round(canvas.width / scale)));
  const height = Math.min(pixels.height, Math.max(1, Math.round(canvas.height / scale)));
  const x = (pixels.width - width) >> 1;
  const y = (pixels.height - height) >> 1;
  const seen = cropped(rowsOf(pixels), { x, y, width, height });
  return reducedRows(seen, canvas.width, canvas.height);
}

function* repeated(row: Uint8Array, times: number): Generator<Uint8Array> {
  for (let i = 0; i < times; i++) yield row;
}
