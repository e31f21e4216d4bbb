import type { Placement, Size } from "./layout.ts";

/** A shadow's darkness, 0..1, at each pixel of a row; `row(y)` uses one buffer. */
export interface Shadow {
  row(y: number): Float32Array | undefined;
}

/**
 * Two shadows on top of each other: one close to where the object touches the ground, and one all
 * around. `spread` and `depth` are shares of the object's width: how far it reaches along the ground, and
 * across.
 */
const LAYERS = [
  { strength: 0.34, spread: 0.012, depth: 0.008 },
  { strength: 0.22, spread: 0.05, depth: 0.028 },
] as const;

/** Of the object's height: what stands this much above the ground throws a third of the shadow. */
const FADING = 0.06;
/** Standard deviations after which nothing is seen. */
const REACH = 3;

/**
 * A soft contact shadow: below each column of the object, the darker the nearer its lowest point is to
 * the ground, blurred along the ground and across it.
 *
 * @param lowest for each column of the placed object its lowest row, counted from the object's top;
 * -1 where the column is empty
 */
export function contactShadow(lowest: Int32Array, placed: Placement, canvas: Size): Shadow {
  const ground = placed.y + placed.height;
  const layers = LAYERS.map(({ strength, spread, depth }) => {
    const touching = new Float32Array(canvas.width);
    for (let x = 0; x < lowest.length; x++) {
      const at = placed.x + x;
      if ((lowest[x] as number) < 0 || at < 0 || at >= canvas.width) continue;
      const height = placed.height - 1 - (lowest[x] as number);
      touching[at] = strength * Math.exp(-height / (FADING * placed.height));
    }
    const sigma = Math.max(1, spread * placed.width);
    return { line: blurred(touching, sigma), depth: Math.max(1, depth * placed.width) };
  });
  const reach = REACH * Math.max(...layers.map(({ depth }) => depth));
  const sum = new Float32Array(canvas.width);
  return {
    row(y) {
      const away = y + 0.5 - ground;
      if (Math.abs(away) > reach) return undefined;
      sum.fill(0);
      for (const { line, depth } of layers) {
        const share = Math.exp(-0.5 * (away / depth) ** 2);
        for (let x = 0; x < sum.length; x++) sum[x]! += share * (line[x] as number);
      }
      return sum;
    },
  };
}

/** With a Gaussian; nothing lies beyond the ends. */
function blurred(values: Float32Array, sigma: number): Float32Array {
  const radius = Math.ceil(REACH * sigma);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  return values.map((_, x) => {
    let sum = 0;
    const end = Math.min(values.length - 1, x + radius);
    for (let at = Math.max(0, x - radius); at <= end; at++) {
      sum += (values[at] as number) * (kernel[at - x + radius] as number);
    }
    return sum / total;
  });
}
