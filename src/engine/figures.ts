import type { Logits } from "../codec/index.ts";
import { likenessOf } from "./likeness.ts";
import { logistic, logitOf, SMALLEST } from "./logistic.ts";
import type { Tensor } from "./runtime/runtime.ts";
import type { Consensus } from "./types.ts";

/** What a mask shows of its own quality. Must match `training/cosal_training/confidence.py`. */
export interface Figures {
  /** Likeness of the mask to the object, -1..1 (`likenessOf`); 0 for an empty mask. */
  readonly likeness: number;
  /** Likeness of what is outside of the mask. */
  readonly contrast: number;
  /**
   * Logit of the pixels' mean probability at their height. Outlines lie at half of a mask's height,
   * so a logit plus the highest logit is a pixel's height, and `LEVEL` is about where a pixel is as
   * likely as not to be the object's.
   */
  readonly height: number;
  /** Mean logit as a share of the highest, 0..1. */
  readonly flatness: number;
  /** Logarithm of the mask's share of the image. */
  readonly size: number;
}

const LEVEL = 3;

/**
 * @param logits after `withoutUnlike` has removed unlike parts
 * @param features of the image, `[1, channels, height, width]`: a grid over the same image
 */
export function figuresOf(logits: Logits, features: Tensor, consensus: Consensus): Figures {
  const { data } = logits;
  const peak = data.reduce((highest, logit) => Math.max(highest, logit), Number.NEGATIVE_INFINITY);
  const inside = new Float64Array(data.length);
  const outside = new Float64Array(data.length);
  let [size, height, sum] = [0, 0, 0];
  // An index, since an iterator of entries leaves megabytes of garbage for each photograph.
  for (let i = 0; i < data.length; i++) {
    const logit = data[i] as number;
    if (logit < 0) {
      outside[i] = logistic(-logit);
      continue;
    }
    size++;
    sum += logit;
    height += logistic(logit + peak - LEVEL);
    inside[i] = logistic(logit);
  }
  return {
    likeness: likenessOf({ ...logits, data: inside }, features, consensus),
    contrast: likenessOf({ ...logits, data: outside }, features, consensus),
    height: logitOf(size > 0 ? height / size : 0),
    flatness: peak > 0 ? sum / size / peak : 0,
    size: Math.log(Math.max(size / data.length, SMALLEST)),
  };
}
