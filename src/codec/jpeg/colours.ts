import type { Frame } from "./frame.ts";

/** What an image's components stand for. */
export type ColourModel = "grey" | "rgb" | "ycc" | "cmyk" | "ycck";

/**
 * What libjpeg takes them for, whose rules browsers share.
 *
 * @param transform that of Adobe's marker, where there is one
 */
export function colourModel(
  { components }: Frame,
  isJfif: boolean,
  transform: number | undefined,
): ColourModel {
  if (components.length === 1) return "grey";
  if (components.length === 4) return transform === undefined || transform === 0 ? "cmyk" : "ycck";
  if (isJfif) return "ycc";
  if (transform !== undefined) return transform === 0 ? "rgb" : "ycc";
  const ids = components.map(({ id }) => String.fromCharCode(id)).join("");
  return ids === "RGB" ? "rgb" : "ycc";
}

/**
 * A row of components to RGBA.
 *
 * @param rows a row of each component, 0 to 255, all of the image's width
 * @param row the same as pixels
 */
export function toRgba(
  model: ColourModel,
  rows: readonly Uint8ClampedArray[],
  row: Uint8ClampedArray,
): void {
  const [first, second, third, black] = rows as [Uint8ClampedArray, ...Uint8ClampedArray[]];
  for (let x = 0, at = 0; at < row.length; x++, at += 4) {
    row[at] = first[x] as number;
    row[at + 1] = (second ?? first)[x] as number;
    row[at + 2] = (third ?? first)[x] as number;
    row[at + 3] = black ? (black[x] as number) : 255;
  }
  if (model === "ycc" || model === "ycck") differencesToRgb(row);
  if (model === "ycck") invert(row);
  if (black) inksToRgb(row);
}

/** Luminance and two differences to red, green and blue (ITU-T T.871, 7). */
function differencesToRgb(pixels: Uint8ClampedArray): void {
  for (let i = 0; i < pixels.length; i += 4) {
    const luminance = pixels[i] as number;
    const blue = (pixels[i + 1] as number) - 128;
    const red = (pixels[i + 2] as number) - 128;
    pixels[i] = luminance + 1.402 * red;
    pixels[i + 1] = luminance - 0.344136 * blue - 0.714136 * red;
    pixels[i + 2] = luminance + 1.772 * blue;
  }
}

function invert(pixels: Uint8ClampedArray): void {
  for (let i = 0; i < pixels.length; i += 4) {
    for (let k = i; k < i + 3; k++) pixels[k] = 255 - (pixels[k] as number);
  }
}

/**
 * Cyan, magenta, yellow and black to RGBA, in place. Inks are taken for inverted, as Adobe's
 * programs write them: browsers show them so, marked or not.
 */
export function inksToRgb(pixels: Uint8Array | Uint8ClampedArray): void {
  for (let i = 0; i < pixels.length; i += 4) {
    const black = pixels[i + 3] as number;
    for (let k = i; k < i + 3; k++) {
      pixels[k] = Math.round(((pixels[k] as number) * black) / 255);
    }
    pixels[i + 3] = 255;
  }
}
