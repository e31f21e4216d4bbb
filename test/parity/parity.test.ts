// `npm run test:parity`: the same photographs through every place where the engine runs. What is
// missing on this machine is skipped, with the reason.
import { beforeAll, describe, expect, test } from "vitest";
import { flippedPixels, meanMaskDifference } from "../golden.ts";
import { groups } from "./groups.ts";
import { PLACES, type Placed, REFERENCE } from "./places.ts";

const MEAN_DIFFERENCE = 1e-3;
const FLIPPED_PIXELS = 1e-3;

let reference: Placed;
beforeAll(async () => {
  reference = await REFERENCE.run();
});

test(`${REFERENCE.name}: a mask for each photograph, neither empty nor full`, () => {
  for (const [name, photographs] of Object.entries(groups)) {
    expect(reference[name]).toHaveLength(photographs.length);
    for (const { logits } of reference[name] ?? []) {
      const share = logits.filter((logit) => logit >= 0).length / logits.length;
      expect(share).toBeGreaterThan(0.01);
      expect(share).toBeLessThan(0.9);
    }
  }
});

describe.each(PLACES)("$name", (place) => {
  test(`agrees with ${REFERENCE.name}`, async ({ skip, annotate }) => {
    if (place.missing !== undefined) skip(place.missing);
    const placed = await place.run();
    expect(Object.keys(placed)).toEqual(Object.keys(reference));
    let [difference, flipped] = [0, 0];
    for (const [name, wanted] of Object.entries(reference)) {
      expect(placed[name]).toHaveLength(wanted.length);
      for (const [i, { logits, presence }] of wanted.entries()) {
        const mask = placed[name]?.[i];
        const [a, b] = [Float32Array.from(logits), Float32Array.from(mask?.logits ?? [])];
        difference = Math.max(difference, meanMaskDifference(a, b));
        flipped = Math.max(flipped, flippedPixels(a, b));
        expect(mask?.presence).toBeCloseTo(presence, 3);
      }
    }
    const figures = `mean difference ${difference.toExponential(1)}, flipped ${flipped.toExponential(1)}`;
    await annotate(figures);
    console.log(`${place.name}: at most ${figures}`);
    expect(difference).toBeLessThan(MEAN_DIFFERENCE);
    expect(flipped).toBeLessThan(FLIPPED_PIXELS);
  });
});
