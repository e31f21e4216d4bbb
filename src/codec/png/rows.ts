import type { PixelRows } from "../pixel-rows.ts";
import { type PngImage, readPngImage } from "./image.ts";
import { PixelStream } from "./inflate.ts";
import { expansion } from "./rgba.ts";
import { unfilteredRows } from "./unfilter.ts";

/** Where the pixels of an interlaced image's passes lie (PNG third edition, 8.1). */
const PASSES = [
  { left: 0, top: 0, across: 8, down: 8 },
  { left: 4, top: 0, across: 8, down: 8 },
  { left: 0, top: 4, across: 4, down: 8 },
  { left: 2, top: 0, across: 4, down: 4 },
  { left: 0, top: 2, across: 2, down: 4 },
  { left: 1, top: 0, across: 2, down: 2 },
  { left: 0, top: 1, across: 1, down: 2 },
] as const;

/**
 * The pixels of a PNG, decoded as they are asked for: beside the file only two rows are in memory.
 * Of an interlaced one all pixels are.
 *
 * @throws CosalError image_undecodable, also while rows are read
 */
export function pngRows(bytes: Uint8Array): PixelRows {
  const image = readPngImage(bytes);
  const { width, height } = image;
  return { width, height, rows: image.isInterlaced ? interlaced(image) : plain(image) };
}

function* plain(image: PngImage): Generator<Uint8Array, void> {
  const { width, height } = image;
  const expand = expansion(image);
  const rgba = new Uint8Array(4 * width);
  for (const samples of rowsOfPass(image, new PixelStream(image.idat), width, height)) {
    expand(samples, rgba);
    yield rgba;
  }
}

function* interlaced(image: PngImage): Generator<Uint8Array, void> {
  const { width, height } = image;
  const stream = new PixelStream(image.idat);
  const expand = expansion(image);
  const pixels = new Uint32Array(width * height);
  for (const { left, top, across, down } of PASSES) {
    const columns = Math.ceil((width - left) / across);
    const rows = Math.ceil((height - top) / down);
    if (columns <= 0 || rows <= 0) continue;
    const pass = new Uint32Array(columns);
    const rgba = new Uint8Array(pass.buffer);
    let start = top * width + left;
    for (const samples of rowsOfPass(image, stream, columns, rows)) {
      expand(samples, rgba);
      for (let x = 0, to = start; x < columns; x++, to += across) pixels[to] = pass[x] as number;
      start += down * width;
    }
  }
  for (let y = 0; y < height; y++) yield new Uint8Array(pixels.buffer, 4 * y * width, 4 * width);
}

function rowsOfPass(
  { depth, samples }: PngImage,
  stream: PixelStream,
  width: number,
  height: number,
): Iterable<Uint8Array> {
  const bits = depth * samples;
  return unfilteredRows(stream, height, Math.ceil((width * bits) / 8), Math.max(1, bits >> 3));
}
