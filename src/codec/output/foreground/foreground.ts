import { taps } from "../../resample.ts";
import type { Pixels } from "../../types.ts";
import { type Pause, paced, runInPieces } from "../paced.ts";
import { estimateLayers, type Layers } from "./multilevel.ts";
import { Reduction } from "./reduction.ts";

/** How colours are estimated; `bench/foreground` says why so. */
export interface ForegroundOptions {
  /** Pixels of the longer side that they are estimated at: about as many as there are logits. */
  readonly side?: number;
  /**
   * How much steeper edges are taken to be than the mask has them: photographs go from object to
   * background within a pixel or two, and masks of few logits do not.
   */
  readonly steepness?: number;
}

const SIDE = 160;
const STEEPNESS = 3;

/** A photograph's object in its own colours. */
export interface Foreground {
  /** The mask, 0..255, of the photograph's size. */
  readonly alpha: Uint8Array;
  /**
   * Rows of RGBA: the mask times the photograph's alpha, and colours that are free of the old
   * background; 0 where nothing is seen. A row's buffer is used again for the next.
   *
   * @param from the first row, 0 unless said
   */
  rows(from?: number): Generator<Uint8Array, void>;
}

/**
 * Takes out of a soft edge's colours what shines through of the old background: colours of both
 * layers are estimated of a reduced photograph (`estimateLayers`), enlarged, and made to explain each
 * pixel as in blur fusion (Forte, arXiv:2101.07137, equation 3).
 *
 * Beside the photograph it needs a byte for each pixel.
 *
 * @param masks rows of the soft mask, 0..255, of the photograph's size
 */
export async function foregroundOf(
  pixels: Pixels,
  masks: Iterable<Uint8Array>,
  pause?: Pause,
  { side = SIDE, steepness = STEEPNESS }: ForegroundOptions = {},
): Promise<Foreground> {
  const { width, height } = pixels;
  const alpha = new Uint8Array(width * height);
  const steep = Float32Array.from({ length: 256 }, (_, value) =>
    Math.min(Math.max(0.5 + steepness * (value / 255 - 0.5), 0), 1),
  );
  const scale = Math.min(1, side / Math.max(width, height));
  const small = (length: number) => Math.max(1, Math.round(scale * length));
  const reduction = new Reduction(pixels, small(width), small(height));
  let y = 0;
  for await (const row of paced(masks, width, pause)) {
    alpha.set(row, y * width);
    reduction.add(y++, row, steep);
  }
  const layers = await runInPieces(estimateLayers(reduction.image), pause);
  return { alpha, rows: (from = 0) => rowsOf(pixels, alpha, steep, layers, from) };
}

function* rowsOf(
  { width, height, data }: Pixels,
  alpha: Uint8Array,
  steep: Float32Array,
  layers: Layers,
  first: number,
): Generator<Uint8Array, void> {
  const across = taps(layers.width, width);
  const front = mixedRows(layers, layers.foreground, height, first);
  const back = mixedRows(layers, layers.background, height, first);
  const row = new Uint8ClampedArray(4 * width);
  const bytes = new Uint8Array(row.buffer);
  for (let y = first; y < height; y++) {
    const fronts = front.next().value as Float32Array;
    const backs = back.next().value as Float32Array;
    for (let x = 0, from = 4 * width * y, to = 0; x < width; x++, from += 4, to += 4) {
      const mask = alpha[y * width + x] as number;
      const seen = Math.round((mask * (data[from + 3] as number)) / 255);
      const a = steep[mask] as number;
      row[to + 3] = seen;
      if (seen === 0) row.fill(0, to, to + 3);
      else if (a === 1) {
        for (let c = 0; c < 3; c++) row[to + c] = data[from + c] as number;
      } else {
        const left = 3 * (across.first[x] as number);
        const [near, far] = [across.weights[2 * x] as number, across.weights[2 * x + 1] as number];
        const right = far > 0 ? left + 3 : left;
        for (let c = 0; c < 3; c++) {
          const object = near * (fronts[left + c] as number) + far * (fronts[right + c] as number);
          const behind = near * (backs[left + c] as number) + far * (backs[right + c] as number);
          const rest = (data[from + c] as number) - a * object - (1 - a) * behind;
          row[to + c] = object + a * rest;
        }
      }
    }
    yield bytes;
  }
}

/** A layer enlarged to so many rows, 0..255; linear between pixel centres. */
function* mixedRows(
  { width, height: from }: Layers,
  layer: Float32Array,
  height: number,
  first: number,
): Generator<Float32Array> {
  const down = taps(from, height);
  const row = new Float32Array(3 * width);
  for (let y = first; y < height; y++) {
    row.fill(0);
    for (let k = 0; k < (down.count[y] as number); k++) {
      const start = 3 * width * ((down.first[y] as number) + k);
      const weight = 255 * (down.weights[y * down.stride + k] as number);
      for (let i = 0; i < row.length; i++) row[i]! += weight * (layer[start + i] as number);
    }
    yield row;
  }
}
