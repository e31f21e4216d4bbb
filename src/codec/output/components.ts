import type { Logits } from "../mask.ts";

/** The logit of a mask below 1/255, which rounds to 0. */
const NOTHING = -8;

/** The connected parts of a mask. */
export interface Components {
  /** For each logit its part, from 1; 0 outside the mask. */
  readonly labels: Int32Array;
  /** Of each part, in logits. */
  readonly sizes: readonly number[];
}

/**
 * Logits without the connected parts of the mask that cover less than `smallest` of the image.
 *
 * @param threshold of the mask, between 0 and 1
 */
export function dropSmallComponents(logits: Logits, smallest: number, threshold = 0.5): Logits {
  const components = componentsOf(logits, threshold);
  const least = smallest * logits.width * logits.height;
  return withoutComponents(
    logits,
    components,
    components.sizes.map((size) => size < least),
  );
}

/**
 * The parts of a mask.
 *
 * They are found among the logits, not the photograph's pixels: a photograph's mask is their
 * bilinear interpolation, which has no maximum of its own between them, so both have the same parts,
 * and 25 thousand logits stand for 12 million pixels. Two logits that touch by a corner are of one
 * part when the interpolated surface between them stays above the threshold.
 *
 * @param threshold of the mask, between 0 and 1
 */
export function componentsOf(logits: Logits, threshold = 0.5): Components {
  const { width, data } = logits;
  const level = Math.log(threshold / (1 - threshold));
  const labels = new Int32Array(data.length);
  const sizes: number[] = [];
  const stack: number[] = [];
  const visit = (node: number) => {
    labels[node] = sizes.length;
    stack.push(node);
  };
  const inside = (node: number) => (data[node] as number) >= level;
  for (let start = 0; start < data.length; start++) {
    if (labels[start] || !inside(start)) continue;
    sizes.push(0);
    visit(start);
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      sizes[sizes.length - 1]!++;
      const x = node % width;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const next = node + dx + dy * width;
          if (x + dx < 0 || x + dx >= width || next < 0 || next >= data.length) continue;
          if (labels[next] || !inside(next)) continue;
          if (dx === 0 || dy === 0) {
            visit(next);
            continue;
          }
          const a = (data[node] as number) - level;
          const d = (data[next] as number) - level;
          const b = (data[node + dx] as number) - level;
          const c = (data[node + dy * width] as number) - level;
          // The surface's saddle, where both others lie below; else the way goes by one of them.
          if (b < 0 && c < 0 && a * d >= b * c) visit(next);
        }
      }
    }
  }
  return { labels, sizes };
}

/**
 * Removes the parts whose `dropped` is true, together with their slopes.
 */
export function withoutComponents(
  logits: Logits,
  { labels }: Components,
  dropped: readonly boolean[],
): Logits {
  if (!dropped.includes(true)) return logits;
  const { width, height } = logits;
  const data = logits.data.slice();
  const slope: number[] = [];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label > 0 && dropped[label - 1]) slope.push(i);
  }
  for (const i of slope) data[i] = NOTHING;
  for (let node = slope.pop(); node !== undefined; node = slope.pop()) {
    const x = node % width;
    for (const [dx, dy] of SIDES) {
      const next = node + dx + dy * width;
      if (x + dx < 0 || x + dx >= width || next < 0 || next >= data.length) continue;
      const value = logits.data[next] as number;
      if (labels[next] || (data[next] as number) <= NOTHING) continue;
      if (value > (logits.data[node] as number)) continue;
      data[next] = NOTHING;
      slope.push(next);
    }
  }
  return { width, height, data };
}

const SIDES = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;
