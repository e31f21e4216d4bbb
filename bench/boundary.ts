/** Pixels that are object (1) or not (0), row by row. */
export interface Region {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Of the photograph's diagonal; in pixels it is rounded up, as DAVIS does. */
const TOLERANCE = 0.0075;

/** Intersection over union; 1 where both are empty. */
export function jaccard(mask: Region, drawn: Region): number {
  let [both, either] = [0, 0];
  for (const [i, value] of mask.data.entries()) {
    if (value & (drawn.data[i] as number)) both++;
    if (value | (drawn.data[i] as number)) either++;
  }
  return either === 0 ? 1 : both / either;
}

/**
 * F of the outlines of two masks of one size: precision and recall of their pixels within a tolerance of
 * each other, as `training/cosal_training/boundary.py` has it. 1 when neither has an outline, 0 when one
 * of them has none.
 */
export function boundaryF(mask: Region, drawn: Region): number {
  const [found, wanted] = [outline(mask), outline(drawn)];
  const [here, there] = [count(found), count(wanted)];
  if (here === 0 || there === 0) return here === there ? 1 : 0;
  const radius = Math.ceil(Math.hypot(mask.width, mask.height) * TOLERANCE);
  const precision = overlap(found, grown(wanted, mask, radius)) / here;
  const recall = overlap(wanted, grown(found, mask, radius)) / there;
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** Pixels that differ from the one below, to the right, or across. */
function outline({ width, height, data }: Region): Uint8Array {
  const found = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const below = y + 1 < height ? width : 0;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const right = x + 1 < width ? 1 : 0;
      const value = data[i];
      const isSame =
        value === data[i + below] && value === data[i + right] && value === data[i + below + right];
      if (!isSame) found[i] = 1;
    }
  }
  return found;
}

/** All that is at most so many pixels away. */
function grown(pixels: Uint8Array, { width, height }: Region, radius: number): Uint8Array {
  const near = new Uint8Array(pixels.length);
  for (const [i, value] of pixels.entries()) {
    if (value === 0) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let dy = -radius; dy <= radius; dy++) {
      if (y + dy < 0 || y + dy >= height) continue;
      const half = Math.floor(Math.sqrt(radius * radius - dy * dy));
      const row = (y + dy) * width;
      near.fill(1, row + Math.max(0, x - half), row + Math.min(width, x + half + 1));
    }
  }
  return near;
}

function count(pixels: Uint8Array): number {
  return pixels.reduce((sum, value) => sum + value, 0);
}

function overlap(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + (value & (b[i] as number)), 0);
}
