import type { Logits } from "../../mask.ts";
import { componentsOf } from "../components.ts";

/** Share of the largest part that another needs to count: a pair of shoes does, a speck does not. */
const SMALLEST = 0.02;
/** Logits around a part that its soft edge reaches. */
const FRINGE = 2;
/** Nothing is left of the mask. */
const NOTHING = -12;

/**
 * The mask of the object alone: without specks, and without the faint haze that surroundings get
 * which the network is not sure of.
 */
export function objectMask(logits: Logits): Logits {
  const { width, height } = logits;
  const { labels, sizes } = componentsOf(logits);
  const least = SMALLEST * Math.max(0, ...sizes);
  const near = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label === 0 || (sizes[label - 1] as number) < least) continue;
    const x = i % width;
    const y = Math.floor(i / width);
    const left = Math.max(0, x - FRINGE);
    const right = Math.min(width, x + FRINGE + 1);
    for (let row = Math.max(0, y - FRINGE); row <= Math.min(height - 1, y + FRINGE); row++) {
      near.fill(1, row * width + left, row * width + right);
    }
  }
  return { width, height, data: logits.data.map((logit, i) => (near[i] ? logit : NOTHING)) };
}
