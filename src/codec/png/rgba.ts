import { COLOUR, type PngImage } from "./image.ts";

/** Writes a row of samples as RGBA of 8 bits. */
export type Expand = (samples: Uint8Array, rgba: Uint8Array) => void;

/**
 * How rows of an image become RGBA. Of 16 bits the upper 8 are taken; a colour that tRNS names as
 * transparent is compared before that.
 */
export function expansion(image: PngImage): Expand {
  const { colour, depth } = image;
  if (colour === COLOUR.palette) return unpacked(depth, 1, fromPalette(image));
  if (colour === COLOUR.grey && depth < 8) {
    return unpacked(depth, 255 / (2 ** depth - 1), fromGrey(image));
  }
  const wide = depth === 16;
  switch (colour) {
    case COLOUR.grey:
      return wide ? fromWide(image) : fromGrey(image);
    case COLOUR.rgb:
      return wide ? fromWide(image) : fromRgb(image);
    case COLOUR.greyAlpha:
      return wide ? fromWide(image) : fromGreyAlpha;
    default:
      return wide ? fromWide(image) : (samples, rgba) => rgba.set(samples);
  }
}

/** Several samples in a byte, the first in its upper bits, as a byte each. */
function unpacked(depth: number, scale: number, expand: Expand): Expand {
  if (depth === 8) return expand;
  const mask = 2 ** depth - 1;
  let bytes = new Uint8Array();
  return (samples, rgba) => {
    const width = rgba.length / 4;
    if (bytes.length !== width) bytes = new Uint8Array(width);
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      bytes[x] = (((samples[bit >> 3] as number) >> (8 - depth - (bit & 7))) & mask) * scale;
    }
    expand(bytes, rgba);
  };
}

/** An index beyond the palette, which is an error, gets its last colour: Chromium does so. */
function fromPalette({ palette = new Uint8Array(), transparency }: PngImage): Expand {
  const table = new Uint8Array(4 * 256);
  const last = palette.length / 3 - 1;
  for (let i = 0; i < 256; i++) {
    const colour = Math.min(i, last);
    table.set(palette.subarray(3 * colour, 3 * colour + 3), 4 * i);
    table[4 * i + 3] = transparency?.[colour] ?? 255;
  }
  return (samples, rgba) => {
    for (let i = 0, o = 0; o < rgba.length; i++, o += 4) {
      const entry = 4 * (samples[i] as number);
      rgba[o] = table[entry] as number;
      rgba[o + 1] = table[entry + 1] as number;
      rgba[o + 2] = table[entry + 2] as number;
      rgba[o + 3] = table[entry + 3] as number;
    }
  };
}

function fromGrey({ transparency, depth }: PngImage): Expand {
  const key = transparency?.[1] === undefined ? -1 : scaled(transparency[1], depth);
  return (samples, rgba) => {
    for (let i = 0, o = 0; o < rgba.length; i++, o += 4) {
      const grey = samples[i] as number;
      rgba[o] = grey;
      rgba[o + 1] = grey;
      rgba[o + 2] = grey;
      rgba[o + 3] = grey === key ? 0 : 255;
    }
  };
}

/** Only as many bits of tRNS count as samples have. */
function scaled(key: number, depth: number): number {
  const most = 2 ** depth - 1;
  return ((key & most) * 255) / most;
}

function fromRgb({ transparency }: PngImage): Expand {
  const [, red = -1, , green = -1, , blue = -1] = transparency ?? [];
  return (samples, rgba) => {
    for (let i = 0, o = 0; o < rgba.length; i += 3, o += 4) {
      const r = samples[i] as number;
      const g = samples[i + 1] as number;
      const b = samples[i + 2] as number;
      rgba[o] = r;
      rgba[o + 1] = g;
      rgba[o + 2] = b;
      rgba[o + 3] = r === red && g === green && b === blue ? 0 : 255;
    }
  };
}

function fromGreyAlpha(samples: Uint8Array, rgba: Uint8Array): void {
  for (let i = 0, o = 0; o < rgba.length; i += 2, o += 4) {
    const grey = samples[i] as number;
    rgba[o] = grey;
    rgba[o + 1] = grey;
    rgba[o + 2] = grey;
    rgba[o + 3] = samples[i + 1] as number;
  }
}

/** Samples of two bytes, the upper one first. */
function fromWide({ samples: count, transparency }: PngImage): Expand {
  const colours = count < 3 ? 1 : 3;
  return (samples, rgba) => {
    for (let i = 0, o = 0; o < rgba.length; i += 2 * count, o += 4) {
      rgba[o] = samples[i] as number;
      rgba[o + 1] = samples[colours === 1 ? i : i + 2] as number;
      rgba[o + 2] = samples[colours === 1 ? i : i + 4] as number;
      rgba[o + 3] = count > colours ? (samples[i + 2 * colours] as number) : 255;
      if (transparency === undefined) continue;
      let isKey = true;
      for (let k = 0; k < 2 * colours; k++) isKey &&= samples[i + k] === transparency[k];
      if (isKey) rgba[o + 3] = 0;
    }
  };
}
