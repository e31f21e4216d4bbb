/** Shares are clamped away from 0 and 1 by this much before taking their logit. */
export const SMALLEST = 1e-4;

export function logistic(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Inverse of `logistic` for a share, 0..1. */
export function logitOf(share: number): number {
  const kept = Math.min(Math.max(share, SMALLEST), 1 - SMALLEST);
  return Math.log(kept / (1 - kept));
}
