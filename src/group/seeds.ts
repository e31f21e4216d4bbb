import type { Box } from "../engine/index.ts";

/** A marked example as part of a group's identity. Coordinates are whole pixels, 0 to 16383. */
export type SeedIdentity = {
  /** SHA-256 of the photograph it is on. */
  readonly image: string;
  /** Marks what is not meant. */
  readonly negative?: boolean;
} & (
  | { readonly point: readonly [number, number] }
  | { readonly box: Box }
  | { readonly mask: SeedMaskIdentity }
  | { readonly rle: SeedRleIdentity }
);

export interface SeedMaskIdentity {
  readonly width: number;
  readonly height: number;
  /** SHA-256 of its grey values, row by row, one byte each. */
  readonly sha256: string;
}

export interface SeedRleIdentity {
  readonly height: number;
  readonly width: number;
  /**
   * SHA-256 of its run lengths, written as decimal integers separated by spaces. The first run is
   * background and may be zero; all others are at least 1.
   */
  readonly sha256: string;
}

/** The largest coordinate. No photograph has a longer side. */
export const MAX_COORDINATE = 16_383;

/** @throws TypeError for a number that is not a valid coordinate */
export function seedLine(seed: SeedIdentity): string {
  return seed.negative ? `negative ${markLine(seed)}` : markLine(seed);
}

function markLine(seed: SeedIdentity): string {
  if ("point" in seed) return `point ${numbers(seed.point)}`;
  if ("box" in seed) return `box ${numbers(seed.box)}`;
  if ("rle" in seed) {
    const { height, width, sha256 } = seed.rle;
    return `rle ${numbers([height, width])} ${sha256}`;
  }
  const { width, height, sha256 } = seed.mask;
  return `mask ${numbers([width, height])} ${sha256}`;
}

function numbers(values: readonly number[]): string {
  for (const value of values) {
    if (!Number.isInteger(value) || value < 0 || value > MAX_COORDINATE) {
      throw new TypeError(`Expected whole pixels in a seed but received ${value}`);
    }
  }
  return values.join(" ");
}
