import { type Taps, taps } from "../codec/resample.ts";
import { CosalError } from "../errors.ts";
import type { Manifest } from "./manifest.ts";
import type { Tensor } from "./runtime/runtime.ts";
import type { Seed, SeedMark, SeedMask } from "./types.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The grid of the `seed` graph. @throws CosalError seeds_unsupported */
export function seedGrid(manifest: Manifest): Size {
  const shape = manifest.graphs.seed?.inputs.region;
  const [height, width] = shape?.slice(-2) ?? [];
  if (typeof width !== "number" || typeof height !== "number") {
    throw new CosalError(
      "seeds_unsupported",
      `The model ${manifest.name} does not support seeds: it has no graph for marked examples.`,
    );
  }
  return { width, height };
}

/** @throws CosalError seed_invalid if a seed refers to no image of the group */
export function checkSeeds(seeds: readonly Seed[], images: number): void {
  for (const { image } of seeds) {
    if (!Number.isInteger(image) || image < 0 || image >= images) {
      throw new CosalError(
        "seed_invalid",
        `A seed is on image ${image}; the group has images 0 to ${images - 1}.`,
      );
    }
  }
}

/**
 * The object's region on one photograph, as input of the `seed` graph: its share of each cell of the
 * feature grid, 0..1, `[1, 1, height, width]`. It is what the positive marks cover together, or the
 * whole photograph if there are none, less what the negative ones cover.
 *
 * @throws CosalError seed_invalid if a mark is malformed or marks nothing in the photograph, or if
 * the negative marks leave nothing of it
 */
export function regionOf(marks: readonly Seed[], photograph: Size, grid: Size): Tensor {
  const negative = marks.filter((mark) => mark.negative);
  const positive = marks.filter((mark) => !mark.negative);
  const data = union(positive, photograph, grid);
  if (positive.length === 0) data.fill(1);
  for (const [i, share] of union(negative, photograph, grid).entries()) {
    const rest = (data[i] as number) - share;
    data[i] = rest > ROUNDING ? rest : 0;
  }
  if (!data.some((share) => share > 0)) {
    throw new CosalError("seed_invalid", "The negative seeds leave nothing of the photograph.");
  }
  return { data, dims: [1, 1, grid.height, grid.width] };
}

/** What shares of cells that are equal may differ by. */
const ROUNDING = 1e-6;

function union(marks: readonly SeedMark[], photograph: Size, grid: Size): Float32Array {
  const data = new Float32Array(grid.width * grid.height);
  for (const mark of marks) {
    const region = shares(mark, photograph, grid);
    if (!region.some((share) => share > 0)) throw invalid("marks nothing in the photograph");
    for (let i = 0; i < data.length; i++)
      data[i] = Math.max(data[i] as number, region[i] as number);
  }
  return data;
}

function shares(mark: SeedMark, photograph: Size, grid: Size): Float32Array {
  if ("mask" in mark) return Float32Array.from(reduceSeedMask(mark.mask, grid).data, asShare);
  if ("box" in mark) {
    const [x, y, width, height] = finite(mark.box, 4) as [number, number, number, number];
    if (width <= 0 || height <= 0) throw invalid("is a box without an area");
    return outer(
      covered(x, x + width, photograph.width, grid.width),
      covered(y, y + height, photograph.height, grid.height),
    );
  }
  const [x, y] = finite(mark.point, 2) as [number, number];
  if (x < 0 || y < 0 || x >= photograph.width || y >= photograph.height) {
    throw invalid(
      `is a point outside its photograph of ${photograph.width} x ${photograph.height}`,
    );
  }
  // A square around the point, the size of one cell.
  const across = photograph.width / grid.width / 2;
  const down = photograph.height / grid.height / 2;
  return outer(
    covered(x - across, x + across, photograph.width, grid.width),
    covered(y - down, y + down, photograph.height, grid.height),
  );
}

const asShare = (level: number) => level / 255;

/**
 * Averages a mask over the cells of a grid (`seedGrid`). The result has a few kilobytes and marks
 * exactly what the mask itself would.
 *
 * @throws CosalError seed_invalid if the number of values does not match the mask's size
 */
export function reduceSeedMask({ width, height, data }: SeedMask, grid: Size): SeedMask {
  const sides = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!sides || data.length !== width * height) {
    throw invalid(`is a mask of ${width} x ${height} with ${data.length} values`);
  }
  const across = taps(width, grid.width);
  const down = taps(height, grid.height);
  const row = new Float64Array(grid.width);
  const result = new Float64Array(grid.width * grid.height);
  for (let y = 0; y < grid.height; y++) {
    for (let k = 0; k < (down.count[y] as number); k++) {
      averageRow(data, ((down.first[y] as number) + k) * width, across, row);
      const weight = down.weights[y * down.stride + k] as number;
      for (let x = 0; x < row.length; x++) {
        result[y * row.length + x]! += weight * (row[x] as number);
      }
    }
  }
  return { ...grid, data: result };
}

function averageRow(
  data: SeedMask["data"],
  start: number,
  { first, count, weights, stride }: Taps,
  row: Float64Array,
): void {
  for (let x = 0; x < row.length; x++) {
    const from = start + (first[x] as number);
    let sum = 0;
    for (let k = 0; k < (count[x] as number); k++) {
      sum += (weights[x * stride + k] as number) * (data[from + k] as number);
    }
    row[x] = sum;
  }
}

/** For each of `cells` cells along an axis of `length` pixels, the share that lies in from..to. */
function covered(from: number, to: number, length: number, cells: number): Float32Array {
  const cell = length / cells;
  return Float32Array.from({ length: cells }, (_, i) => {
    const overlap = Math.min(to, (i + 1) * cell) - Math.max(from, i * cell);
    return Math.max(0, overlap) / cell;
  });
}

function outer(across: Float32Array, down: Float32Array): Float32Array {
  const result = new Float32Array(across.length * down.length);
  for (const [y, share] of down.entries()) {
    for (const [x, other] of across.entries()) result[y * across.length + x] = share * other;
  }
  return result;
}

function finite(values: readonly number[], count: number): readonly number[] {
  if (values.length !== count || !values.every(Number.isFinite)) {
    throw invalid(`needs ${count} numbers`);
  }
  return values;
}

function invalid(what: string): CosalError {
  return new CosalError("seed_invalid", `A seed ${what}.`);
}
