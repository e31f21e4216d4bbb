import { taps } from "../../codec/resample.ts";
import type { Mask } from "../engine/types.ts";

type Grid = Mask["logits"];

/** Longer side of a corrected mask, in logits. */
const FINE = 512;
/** Logit that the brush writes for object; the negative for background. */
const SURE = 8;

/** A mask's logits on a finer grid for the brush, with the photograph's proportions. */
export function refined(logits: Grid, size: { width: number; height: number }): Grid {
  if (Math.max(logits.width, logits.height) >= FINE) {
    return { ...logits, data: logits.data.slice() };
  }
  const scale = FINE / Math.max(size.width, size.height);
  const width = Math.max(1, Math.round(size.width * scale));
  const height = Math.max(1, Math.round(size.height * scale));
  const across = taps(logits.width, width);
  const down = taps(logits.height, height);
  const data = new Float16Array(width * height);
  const row = new Float32Array(logits.width);
  for (let y = 0; y < height; y++) {
    row.fill(0);
    for (let k = 0; k < (down.count[y] as number); k++) {
      const start = ((down.first[y] as number) + k) * logits.width;
      const weight = down.weights[y * down.stride + k] as number;
      for (let x = 0; x < row.length; x++) row[x]! += weight * (logits.data[start + x] as number);
    }
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < (across.count[x] as number); k++) {
        const weight = across.weights[x * across.stride + k] as number;
        sum += weight * (row[(across.first[x] as number) + k] as number);
      }
      data[y * width + x] = sum;
    }
  }
  return { width, height, data };
}

export interface Stroke {
  /** Ends of the stroke, as shares of the photograph's sides. */
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** Diameter, as a share of the photograph's longer side. */
  readonly diameter: number;
  readonly adds: boolean;
}

/** Paints a stroke with round ends into a grid. */
export function paintStroke({ width, height, data }: Grid, stroke: Stroke): void {
  const radius = Math.max(0.5, (stroke.diameter * Math.max(width, height)) / 2);
  const value = stroke.adds ? SURE : -SURE;
  const [x0, y0] = [stroke.from[0] * width, stroke.from[1] * height];
  const [x1, y1] = [stroke.to[0] * width, stroke.to[1] * height];
  const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + radius));
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + radius));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
      const along = length > 0 ? (px * (x1 - x0) + py * (y1 - y0)) / length : 0;
      const t = Math.min(Math.max(along, 0), 1);
      const apart = Math.hypot(px - t * (x1 - x0), py - t * (y1 - y0));
      if (apart <= radius) data[y * width + x] = value;
    }
  }
}
