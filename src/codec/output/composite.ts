import { type Logits, maskRows } from "../mask.ts";
import type { Pixels } from "../types.ts";
import { guidedMaskRows } from "./guided.ts";
import { type MaskOptions, prepared, type RowOptions } from "./options.ts";
import { paced, type Rows } from "./paced.ts";
import { encodePng } from "./png/png.ts";
import type { MaskRecord } from "./record.ts";
import type { WebpEncoder } from "./webp/encoder.ts";

export interface CompositeOptions extends RowOptions {
  /** Gives a lossy WebP; without it the file is a PNG. */
  readonly webp?: WebpEncoder;
}

/** Laid over the object: a red that few photographs have. */
const TINT = [255, 0, 96] as const;
/** Share of it, at most. */
const STRENGTH = 0.55;

/**
 * The object cut out: the photograph's colours, with the soft mask drawn to the photograph's edges
 * as alpha, and its colour profile. Where nothing is seen, colours are 0.
 *
 * @param pixels the upright photograph; the result has its size, which may be a reduced one
 *
 * @throws CosalError image_too_many_pixels, from the WebP encoder
 */
export async function cutout(
  pixels: Pixels,
  record: MaskRecord,
  options: CompositeOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const rows = compositeRows(pixels, record, options, 4, guidedMaskRows, cut);
  return encoded(pixels, "rgba", options.webp, paced(rows, pixels.width, options.pause));
}

/**
 * The photograph with the object tinted, opaque; what was transparent lies over white. The tint is
 * the mask as its own files have it. Colours stay in the photograph's own space, and its profile is
 * kept: tint and white are values of that space, so the tint is stronger in a wider one.
 *
 * @param pixels the upright photograph; the result has its size, which may be a reduced one
 *
 * @throws CosalError image_too_many_pixels, from the WebP encoder
 */
export async function overlay(
  pixels: Pixels,
  record: MaskRecord,
  options: CompositeOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const samples = options.webp ? 4 : 3;
  const rows = compositeRows(pixels, record, options, samples, plainMaskRows, tint);
  return encoded(pixels, "rgb", options.webp, paced(rows, pixels.width, options.pause));
}

/** Writes a row of the result: `samples` bytes for each pixel. */
type Paint = (from: Uint8Array, mask: Uint8Array, to: Uint8Array, samples: number) => void;

function plainMaskRows(logits: Logits, { width, height }: Pixels): Iterable<Uint8Array> {
  return maskRows(logits, width, height);
}

function* compositeRows(
  pixels: Pixels,
  record: MaskRecord,
  options: MaskOptions,
  samples: number,
  masks: (logits: Logits, pixels: Pixels) => Iterable<Uint8Array>,
  paint: Paint,
): Generator<Uint8Array> {
  const { width, data } = pixels;
  const { logits } = prepared(record, options);
  const row = new Uint8Array(samples * width);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let y = 0;
  for (const mask of masks(logits, pixels)) {
    paint(bytes.subarray(4 * width * y, 4 * width * (y + 1)), mask, row, samples);
    y++;
    yield row;
  }
}

function cut(from: Uint8Array, mask: Uint8Array, to: Uint8Array): void {
  for (let x = 0, i = 0; x < mask.length; x++, i += 4) {
    const alpha = Math.round(((from[i + 3] as number) * (mask[x] as number)) / 255);
    to[i] = alpha && (from[i] as number);
    to[i + 1] = alpha && (from[i + 1] as number);
    to[i + 2] = alpha && (from[i + 2] as number);
    to[i + 3] = alpha;
  }
}

function tint(from: Uint8Array, mask: Uint8Array, to: Uint8Array, samples: number): void {
  for (let x = 0, i = 0, o = 0; x < mask.length; x++, i += 4, o += samples) {
    const alpha = (from[i + 3] as number) / 255;
    const share = (STRENGTH * (mask[x] as number)) / 255;
    for (let channel = 0; channel < 3; channel++) {
      const seen = (from[i + channel] as number) * alpha + 255 * (1 - alpha);
      to[o + channel] = seen + share * ((TINT[channel] as number) - seen) + 0.5;
    }
    if (samples === 4) to[o + 3] = 255;
  }
}

async function encoded(
  { width, height, profile }: Pixels,
  layout: "rgb" | "rgba",
  webp: WebpEncoder | undefined,
  rows: Rows,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!webp) return encodePng(width, height, layout, rows, profile);
  webp.check(width, height);
  const data = new Uint8Array(4 * width * height);
  let offset = 0;
  for await (const row of rows) {
    data.set(row, offset);
    offset += row.length;
  }
  return webp.encode({ width, height, data, ...(profile && { profile }) });
}
