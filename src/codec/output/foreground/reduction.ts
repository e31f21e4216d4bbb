import { type Taps, taps } from "../../resample.ts";
import type { Pixels } from "../../types.ts";
import type { MattedImage } from "./multilevel.ts";

/** A small photograph with its mask, made row by row: each pixel is the mean of what it stands for. */
export class Reduction {
  readonly image: MattedImage;
  readonly #pixels: Pixels;
  readonly #across: Taps;
  readonly #down: Taps;
  /** The first small row that still lacks rows of the photograph. */
  #open = 0;

  constructor(pixels: Pixels, width: number, height: number) {
    const count = width * height;
    const alpha = new Float32Array(count);
    this.image = { width, height, colours: new Float32Array(3 * count), alpha };
    this.#pixels = pixels;
    this.#across = taps(pixels.width, width);
    this.#down = taps(pixels.height, height);
  }

  /**
   * Adds a row of the photograph, in order from the top.
   *
   * @param curve what each value of the mask counts as, 0..1
   */
  add(y: number, mask: Uint8Array, curve: Float32Array): void {
    const { first, count, weights, stride } = this.#down;
    const { height } = this.image;
    while (this.#open < height && first[this.#open]! + count[this.#open]! <= y) this.#open++;
    for (let to = this.#open; to < height && (first[to] as number) <= y; to++) {
      this.#addTo(to, weights[to * stride + y - (first[to] as number)] as number, y, mask, curve);
    }
  }

  #addTo(to: number, weight: number, y: number, mask: Uint8Array, curve: Float32Array): void {
    const { width, colours, alpha } = this.image;
    const { first, count, weights, stride } = this.#across;
    const { data } = this.#pixels;
    const row = 4 * this.#pixels.width * y;
    for (let x = 0, i = to * width; x < width; x++, i++) {
      const from = first[x] as number;
      for (let k = 0; k < (count[x] as number); k++) {
        const share = weight * (weights[x * stride + k] as number);
        const source = row + 4 * (from + k);
        const unit = share / 255;
        colours[3 * i]! += unit * (data[source] as number);
        colours[3 * i + 1]! += unit * (data[source + 1] as number);
        colours[3 * i + 2]! += unit * (data[source + 2] as number);
        alpha[i]! += share * (curve[mask[from + k] as number] as number);
      }
    }
  }
}
