import { maskRows } from "../mask.ts";
import type { Pixels } from "../types.ts";
import { encodePicture } from "./encode-picture.ts";
import { foregroundOf } from "./foreground/foreground.ts";
import { guidedMaskRows } from "./guided.ts";
import { type MaskOptions, type PausableOptions, prepared } from "./options.ts";
import { paced } from "./paced.ts";
import type { MaskRecord } from "./record.ts";
import type { WebpEncoder } from "./webp/encoder.ts";

export interface CompositeOptions extends PausableOptions {
  /** Encoder for lossy WebP. Without it, the file is a PNG. */
  readonly webp?: WebpEncoder;
}

/** The tint: a red that few photographs have. */
const TINT = [255, 0, 96] as const;
/** Maximum share of the tint. */
const STRENGTH = 0.55;

/**
 * The object on a transparent background. Alpha is the soft mask, refined to the photograph's edges.
 * Colours are the photograph's, without the old background at the soft edge. Transparent pixels are 0.
 * The file has the photograph's colour profile.
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
  const { pause, webp } = options;
  const { logits } = prepared(record, options);
  const masks = await guidedMaskRows(logits, pixels, pause);
  const foreground = await foregroundOf(pixels, masks, pause);
  return encodePicture(pixels, "rgba", webp, paced(foreground.rows(), 2 * pixels.width, pause));
}

/**
 * The opaque photograph with the object tinted; transparent pixels are over white. The tint follows
 * the mask as in mask files. Colours stay in the photograph's own colour space, and its profile is
 * kept. Tint and white are values of that space, so the tint is stronger in a wider one.
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
  const rows = tintedRows(pixels, record, options, samples);
  return encodePicture(pixels, "rgb", options.webp, paced(rows, 2 * pixels.width, options.pause));
}

function* tintedRows(
  pixels: Pixels,
  record: MaskRecord,
  options: MaskOptions,
  samples: 3 | 4,
): Generator<Uint8Array> {
  const { width, height, data } = pixels;
  const { logits } = prepared(record, options);
  const row = new Uint8Array(samples * width);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let y = 0;
  for (const mask of maskRows(logits, width, height)) {
    tint(bytes.subarray(4 * width * y, 4 * width * (y + 1)), mask, row, samples);
    y++;
    yield row;
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
