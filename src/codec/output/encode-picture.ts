import type { Pixels } from "../types.ts";
import type { Rows } from "./paced.ts";
import { encodePng } from "./png/png.ts";
import type { WebpEncoder } from "./webp/encoder.ts";

/**
 * A picture of rows as they are made: PNG, or WebP where there is an encoder, which needs all of them
 * in memory and takes RGBA only.
 *
 * @throws CosalError image_too_many_pixels, from the WebP encoder
 */
export async function encodePicture(
  { width, height, profile }: Omit<Pixels, "data">,
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
