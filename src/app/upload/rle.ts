import type { SeedMask } from "../../engine/index.ts";

/** Run lengths of a COCO mask: column by column, starting with background. */
export interface RunLengths {
  /** `[height, width]` */
  readonly size: readonly [number, number];
  readonly counts: string | readonly number[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Parses runs to a canonical form, from pycocotools' compressed text (`maskApi.c`, rleFrString) or
 * from a list. Only the first run, which is background, may be empty.
 *
 * @throws RangeError when the runs do not fill the mask
 */
export function parseRuns({ size: [height, width], counts }: RunLengths): number[] {
  const runs: number[] = [0];
  let filled = 0;
  for (const [i, run] of (typeof counts === "string" ? runsOfText(counts) : counts).entries()) {
    if (run < 0 || filled + run > width * height) {
      throw new RangeError("the runs are longer than the mask");
    }
    filled += run;
    if (run === 0) continue;
    const isObject = i % 2 === 1;
    if (isObject === (runs.length % 2 === 0)) runs[runs.length - 1]! += run;
    else runs.push(run);
  }
  if (filled !== width * height) throw new RangeError("the runs are shorter than the mask");
  return runs;
}

/**
 * The marked share of each cell of a grid, 0..255. The mask itself is not decoded, so the cost depends
 * on the number of runs and not of pixels.
 *
 * @param runs of `parseRuns`
 * @param size of the mask
 */
export function reduceRuns(runs: readonly number[], size: Size, grid: Size): SeedMask {
  const { width, height } = size;
  const marked = new MarkedArea(size, grid);
  let at = 0;
  for (const [i, run] of runs.entries()) {
    const end = at + run;
    if (i % 2 === 1 && run > 0) {
      const [first, last] = [Math.floor(at / height), Math.floor((end - 1) / height)];
      if (first === last) marked.add(first, first + 1, at - first * height, end - first * height);
      else {
        marked.add(first, first + 1, at - first * height, height);
        marked.add(first + 1, last, 0, height);
        marked.add(last, last + 1, 0, end - last * height);
      }
    }
    at = end;
  }
  const scale = (255 * grid.width * grid.height) / (width * height);
  return { ...grid, data: marked.area.map((area) => Math.min(255, scale * area)) };
}

/** How much of each cell of a grid lies in rectangles that do not overlap. */
class MarkedArea {
  /** In pixels, row by row. */
  readonly area: Float64Array;
  readonly #grid: Size;
  readonly #cell: Size;

  constructor({ width, height }: Size, grid: Size) {
    this.area = new Float64Array(grid.width * grid.height);
    this.#grid = grid;
    this.#cell = { width: width / grid.width, height: height / grid.height };
  }

  add(left: number, right: number, top: number, bottom: number): void {
    if (left === right) return;
    const { width, height } = this.#cell;
    const columns = [Math.floor(left / width), Math.ceil(right / width)] as const;
    const rows = [Math.floor(top / height), Math.ceil(bottom / height)] as const;
    for (let y = rows[0]; y < Math.min(rows[1], this.#grid.height); y++) {
      const down = overlap(top, bottom, y * height, (y + 1) * height);
      for (let x = columns[0]; x < Math.min(columns[1], this.#grid.width); x++) {
        const across = overlap(left, right, x * width, (x + 1) * width);
        this.area[y * this.#grid.width + x]! += down * across;
      }
    }
  }
}

function overlap(from: number, to: number, start: number, end: number): number {
  return Math.max(0, Math.min(to, end) - Math.max(from, start));
}

/** Five bits per character, least significant first. From the fourth run on, differences to two before. */
function runsOfText(text: string): number[] {
  const runs: number[] = [];
  let i = 0;
  while (i < text.length) {
    let value = 0;
    let shift = 0;
    let more = true;
    while (more) {
      const bits = text.charCodeAt(i++) - 48;
      if (!(bits >= 0 && bits < 64) || shift > 30)
        throw new RangeError("the text is not valid run lengths");
      value |= (bits & 31) << shift;
      shift += 5;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0 && shift < 32) value |= -1 << shift;
    }
    if (runs.length > 2) value += runs[runs.length - 2] as number;
    runs.push(value);
  }
  return runs;
}
