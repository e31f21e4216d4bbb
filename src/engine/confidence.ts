import type { Figures } from "./figures.ts";
import { logistic, logitOf } from "./logistic.ts";
import type { Manifest } from "./manifest.ts";

/** Weights for estimating a mask's quality from the mask itself, as given in the manifest. */
export type ConfidenceWeights = NonNullable<Manifest["confidence"]>;

/** Weights for telling whether the object is there, as given in the manifest. */
export type PresenceWeights = NonNullable<Manifest["presenceWeights"]>;

/**
 * The expected intersection over union of a mask with a hand-drawn one, 0..1; 0 for an empty mask.
 * A logistic function of four figures, with weights fitted on groups held out from training. Must
 * match `training/cosal_training/confidence.py`.
 */
export function confidenceOf(figures: Figures, weights: ConfidenceWeights): number {
  if (figures.flatness === 0) return 0;
  return logistic(
    weights.bias +
      weights.height * figures.height +
      weights.flatness * figures.flatness +
      weights.contrast * figures.contrast +
      weights.size * figures.size,
  );
}

/**
 * How likely an image shows the object, 0..1: the decoder's presence together with the likeness of
 * the mask. Must match `training/cosal_training/confidence.py`.
 */
export function presenceOf(
  presence: number,
  { likeness }: Figures,
  weights: PresenceWeights,
): number {
  return logistic(
    weights.bias + weights.presence * logitOf(presence) + weights.likeness * likeness,
  );
}
