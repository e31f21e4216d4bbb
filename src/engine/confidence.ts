import type { Logits } from "../codec/index.ts";
import { likenessOf } from "./likeness.ts";
import type { Manifest } from "./manifest.ts";
import type { Tensor } from "./runtime/runtime.ts";
import type { Consensus } from "./types.ts";

/** Weights for estimating a mask's quality from the mask itself, as given in the manifest. */
export type ConfidenceWeights = NonNullable<Manifest["confidence"]>;

/** Presence and shares are clamped away from 0 and 1 by this much before taking their logit. */
const SMALLEST = 1e-4;

/**
 * The expected intersection over union of a mask with a hand-drawn one, 0..1; 0 for an empty mask.
 * A logistic function of five features, with weights fitted on groups held out from training. Must
 * match `training/cosal_training/confidence.py`.
 *
 * @param logits after `withoutUnlike` has removed unlike parts
 * @param features of the image, `[1, channels, height, width]`: a grid over the same image
 * @param presence 0..1
 */
export function confidenceOf(
  logits: Logits,
  features: Tensor,
  consensus: Consensus,
  presence: number,
  weights: ConfidenceWeights,
): number {
  const inside = new Float64Array(logits.data.length);
  const outside = new Float64Array(logits.data.length);
  let [size, within, beyond] = [0, 0, 0];
  // An index, since an iterator of entries leaves megabytes of garbage for each photograph.
  for (let i = 0; i < logits.data.length; i++) {
    const logit = logits.data[i] as number;
    const probability = 1 / (1 + Math.exp(-logit));
    if (logit >= 0) {
      size++;
      within += probability;
      inside[i] = probability;
    } else {
      beyond += probability;
      outside[i] = 1 - probability;
    }
  }
  if (size === 0) return 0;
  const total =
    weights.bias +
    weights.presence * logitOf(presence) +
    // What J would be if every pixel's probability were right.
    weights.sureness * logitOf(within / (size + beyond)) +
    weights.likeness * likenessOf({ ...logits, data: inside }, features, consensus) +
    weights.contrast * likenessOf({ ...logits, data: outside }, features, consensus) +
    weights.size * Math.log(Math.max(size / logits.data.length, SMALLEST));
  return 1 / (1 + Math.exp(-total));
}

function logitOf(share: number): number {
  const kept = Math.min(Math.max(share, SMALLEST), 1 - SMALLEST);
  return Math.log(kept / (1 - kept));
}
