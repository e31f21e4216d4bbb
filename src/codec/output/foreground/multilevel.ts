import type { PausableWork } from "../paced.ts";

/** Colours of an object and of what is behind it: 3 numbers a pixel, 0..1, row by row. */
export interface Layers {
  readonly width: number;
  readonly height: number;
  readonly foreground: Float32Array;
  readonly background: Float32Array;
}

/** A picture with its mask: 3 numbers and 1 a pixel, 0..1, row by row. */
export interface MattedImage {
  readonly width: number;
  readonly height: number;
  readonly colours: Float32Array;
  readonly alpha: Float32Array;
}

/** As in the authors' code. */
const REGULARIZATION = 1e-5;
const SMALL_SIDE = 32;
const SMALL_ITERATIONS = 10;
const LARGE_ITERATIONS = 2;
/** Time of a pixel here, in that of a picture's pixel. */
const STEPS = 16;

/**
 * What a picture is mixed of, `colour = alpha * foreground + (1 - alpha) * background`, by multi-level
 * estimation (Germer et al., arXiv:2006.14970): from one pixel up to the whole size, each pixel's two
 * colours explain its own and are like their neighbours', the more so the more the mask changes.
 *
 * Time and memory go with the pixels: 40 bytes for each.
 */
export function* estimateLayers(image: MattedImage): PausableWork<Layers> {
  const { width, height } = image;
  const levels = Math.max(1, Math.ceil(Math.log2(Math.max(width, height))));
  let layers = meanLayers(image);
  for (let level = 0; level <= levels; level++) {
    const at = (side: number) => Math.round(side ** (level / levels));
    const reduced = level === levels ? image : sampled(image, at(width), at(height));
    layers = enlarged(layers, reduced.width, reduced.height);
    const isSmall = reduced.width <= SMALL_SIDE && reduced.height <= SMALL_SIDE;
    for (let i = isSmall ? SMALL_ITERATIONS : LARGE_ITERATIONS; i > 0; i--) {
      relax(reduced, layers);
      yield STEPS * reduced.width * reduced.height;
    }
  }
  return layers;
}

/** One pixel: the mean colour of what is surely object, and of what surely is not. */
function meanLayers({ colours, alpha }: MattedImage): Layers {
  const mean = (isMeant: (alpha: number) => boolean) => {
    const sum = new Float64Array(3);
    let count = 0;
    for (let i = 0; i < alpha.length; i++) {
      if (!isMeant(alpha[i] as number)) continue;
      count++;
      for (let c = 0; c < 3; c++) sum[c]! += colours[3 * i + c] as number;
    }
    return Float32Array.from(sum, (value) => value / Math.max(1, count));
  };
  const foreground = mean((value) => value > 0.9);
  return { width: 1, height: 1, foreground, background: mean((value) => value < 0.1) };
}

/** Solves each pixel's two equations, with its neighbours as they are now. */
function relax({ width, height, colours, alpha }: MattedImage, layers: Layers): void {
  const { foreground, background } = layers;
  for (let y = 0; y < height; y++) {
    const up = y > 0 ? -width : 0;
    const down = y + 1 < height ? width : 0;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const a = alpha[i] as number;
      const b = 1 - a;
      const left = x > 0 ? i - 1 : i;
      const right = x + 1 < width ? i + 1 : i;
      const wLeft = REGULARIZATION + Math.abs(a - (alpha[left] as number));
      const wRight = REGULARIZATION + Math.abs(a - (alpha[right] as number));
      const wUp = REGULARIZATION + Math.abs(a - (alpha[i + up] as number));
      const wDown = REGULARIZATION + Math.abs(a - (alpha[i + down] as number));
      const weight = wLeft + wRight + wUp + wDown;
      const [aa, ab, bb] = [a * a + weight, a * b, b * b + weight];
      const scale = 1 / (aa * bb - ab * ab);
      for (let c = 0; c < 3; c++) {
        const around = (layer: Float32Array) =>
          wLeft * (layer[3 * left + c] as number) +
          wRight * (layer[3 * right + c] as number) +
          wUp * (layer[3 * (i + up) + c] as number) +
          wDown * (layer[3 * (i + down) + c] as number);
        const seen = colours[3 * i + c] as number;
        const front = a * seen + around(foreground);
        const back = b * seen + around(background);
        foreground[3 * i + c] = unit((bb * front - ab * back) * scale);
        background[3 * i + c] = unit((aa * back - ab * front) * scale);
      }
    }
  }
}

const unit = (value: number) => Math.min(Math.max(value, 0), 1);

/** The nearest pixel of each place, as the authors take it: mean colours would mix both layers. */
function sampled(image: MattedImage, width: number, height: number): MattedImage {
  const places = nearest(image, width, height);
  return {
    ...{ width, height, colours: picked(image.colours, places, 3) },
    alpha: picked(image.alpha, places, 1),
  };
}

function enlarged(layers: Layers, width: number, height: number): Layers {
  const places = nearest(layers, width, height);
  return {
    ...{ width, height, foreground: picked(layers.foreground, places, 3) },
    background: picked(layers.background, places, 3),
  };
}

function nearest(
  from: { readonly width: number; readonly height: number },
  width: number,
  height: number,
): Int32Array {
  const places = new Int32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor((y * from.height) / height) * from.width;
    for (let x = 0; x < width; x++) places[i++] = row + Math.floor((x * from.width) / width);
  }
  return places;
}

function picked(values: Float32Array, places: Int32Array, samples: number): Float32Array {
  const result = new Float32Array(samples * places.length);
  for (let i = 0; i < places.length; i++) {
    for (let c = 0; c < samples; c++) {
      result[samples * i + c] = values[samples * (places[i] as number) + c] as number;
    }
  }
  return result;
}
