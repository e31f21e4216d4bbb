import { gammaCurve, matrixProfile, type Primaries, srgbCurve } from "./build.ts";
import { spaceOf, tagOf } from "./icc.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const D65 = [0.3127, 0.329] as const;

/** ITU-T H.273, table 2. */
const PRIMARIES: Readonly<Record<number, Primaries>> = {
  1: { white: D65, red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] },
  5: { white: D65, red: [0.64, 0.33], green: [0.29, 0.6], blue: [0.15, 0.06] },
  6: { white: D65, red: [0.63, 0.34], green: [0.31, 0.595], blue: [0.155, 0.07] },
  7: { white: D65, red: [0.63, 0.34], green: [0.31, 0.595], blue: [0.155, 0.07] },
  9: { white: D65, red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046] },
  11: { white: [0.314, 0.351], red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] },
  12: { white: D65, red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] },
};
const SRGB = PRIMARIES[1] as Primaries;
const UNSPECIFIED = 2;

/**
 * ITU-T H.273, table 3. The curves of television (1, 6, 14, 15) are shown as that of sRGB, as
 * browsers do. PQ and HLG (16, 18) are for screens that are brighter than white: no profile of this
 * kind says that, and none is made.
 */
const CURVES: Readonly<Record<number, () => Bytes>> = {
  1: srgbCurve,
  4: () => gammaCurve(2.2),
  5: () => gammaCurve(2.8),
  6: srgbCurve,
  8: () => gammaCurve(1),
  13: srgbCurve,
  14: srgbCurve,
  15: srgbCurve,
};

/**
 * The profile that a file brings, in a form that pixels in RGB can have: of a grey one its curve, with
 * sRGB's colours. Undefined where it is broken, too large, or for other pixels (CMYK).
 */
export function carriedProfile(profile: Uint8Array): Uint8Array | undefined {
  const space = spaceOf(profile);
  if (space === "RGB ") return profile;
  const curve = space === "GRAY" ? tagOf(profile, "kTRC") : undefined;
  return curve && matrixProfile(SRGB, curve);
}

/** A profile for code points; undefined where they are sRGB's, unspecified, or no profile says it. */
export function profileOfCodes(primaries: number, transfer: number): Bytes | undefined {
  const place = PRIMARIES[primaries === UNSPECIFIED ? 1 : primaries];
  const curve = CURVES[transfer === UNSPECIFIED ? 13 : transfer];
  if (place === undefined || curve === undefined) return undefined;
  return place === SRGB && curve === srgbCurve ? undefined : matrixProfile(place, curve());
}

/** How far from sRGB's an encoding gamma, or a place, is still the same; writers round. */
const SAME_GAMMA = 0.02;
const SAME_PLACE = 0.002;

/**
 * A profile for what PNG's gAMA and cHRM say; undefined where it is sRGB.
 *
 * @param gamma that samples were made with, e.g. 0.45455
 */
export function profileOfGamma(gamma: number, primaries: Primaries = SRGB): Bytes | undefined {
  const names = ["white", "red", "green", "blue"] as const;
  const isNear = names.every((name) =>
    primaries[name].every((value, i) => Math.abs(value - (SRGB[name][i] as number)) < SAME_PLACE),
  );
  const isUsual = Math.abs(gamma - 1 / 2.2) < SAME_GAMMA;
  return isNear && isUsual ? undefined : matrixProfile(primaries, gammaCurve(1 / gamma));
}
