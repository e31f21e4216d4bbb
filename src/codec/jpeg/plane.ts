import { blocksOf, type Component, type Frame } from "./frame.ts";

/** `8 * row + column` of each coefficient of a block in zigzag order (ITU-T T.81, figure 5). */
export const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5],
  ...[12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51],
  ...[58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** How many of the lowest frequencies of each block are kept, on each axis; 0 for none. */
export interface Kept {
  readonly across: number;
  readonly down: number;
}

/** A component's coefficients, as many as are kept of each block. */
export class Plane {
  /** Blocks of the image; there is room for those that fill up the last MCUs. */
  readonly across: number;
  readonly down: number;
  readonly storedAcross: number;
  readonly kept: Kept;
  /** Coefficients of a block that are kept. */
  readonly size: number;
  /** For each coefficient in zigzag order, its place among those kept, row by row; or -1. */
  readonly places: Int8Array;
  readonly values: Int16Array;
  /**
   * Which coefficients are not 0, a bit each in zigzag order, two numbers for a block: in a
   * progressive image, how later scans are written depends on it.
   */
  readonly nonzero: Uint32Array;

  constructor(frame: Frame, component: Component, kept: Kept) {
    const { across, down, storedAcross, storedDown } = blocksOf(frame, component);
    this.across = across;
    this.down = down;
    this.storedAcross = storedAcross;
    this.kept = kept;
    this.size = kept.across * kept.down;
    this.places = Int8Array.from(ZIGZAG, (place) => {
      const [row, column] = [place >> 3, place & 7];
      return row < kept.down && column < kept.across ? row * kept.across + column : -1;
    });
    const blocks = storedAcross * storedDown;
    this.values = new Int16Array(blocks * this.size);
    this.nonzero = new Uint32Array(frame.progressive ? 2 * blocks : 0);
  }

  set(block: number, k: number, value: number): void {
    const place = this.places[k] as number;
    if (place >= 0) this.values[block * this.size + place] = value;
  }
}
