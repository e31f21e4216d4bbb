import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nativeRuntime } from "../../src/engine/runtime/native.ts";
import { nodeRuntime } from "../../src/engine/runtime/node.ts";
import { CosalError } from "../../src/errors.ts";
import {
  decodeGolden,
  flippedPixels,
  Golden,
  largestDifference,
  meanMaskDifference,
  segmentGolden,
} from "../golden.ts";

// A random checkpoint in the published layout, at a sixteenth of its width, converted by
// `cosal-train convert` (training/tests/seeded_gconet_plus.py): its layers, its arithmetic.
const MODEL = new URL("../fixtures/gconet-plus-seeded/", import.meta.url);
const files = async (name: string) => new Uint8Array(readFileSync(new URL(name, MODEL)));
const golden = new Golden(
  JSON.parse(readFileSync(new URL("golden.json", MODEL), "utf8")),
  new Uint8Array(readFileSync(new URL("golden.bin", MODEL))).buffer,
);

const native = await nativeRuntime({ threads: 1 }).catch((error: unknown) => {
  if (error instanceof CosalError && error.code === "backend_unavailable") return undefined;
  throw error;
});

for (const [place, runtime] of [
  ["WASM", nodeRuntime()],
  ["the native runtime", native],
] as const) {
  test.skipIf(!runtime)(`a converted GCoNet+ on ${place} gives PyTorch's masks`, async () => {
    const logits = await decodeGolden(golden, files, runtime as NonNullable<typeof runtime>);
    for (const [i, found] of logits.entries()) {
      const share = golden.logits(i).filter((logit) => logit > 0).length / found.length;
      expect(share).toBeGreaterThan(0.1);
      expect(share).toBeLessThan(0.9);
      // Logits are up to 300 times a difference of two maps in 0..1.
      expect(largestDifference(found, golden.logits(i))).toBeLessThan(1e-3);
      expect(meanMaskDifference(found, golden.logits(i))).toBeLessThan(1e-5);
    }
  });

  test.skipIf(!runtime)(`the engine runs a converted GCoNet+ on ${place}`, async () => {
    const found = await segmentGolden(golden, files, runtime as NonNullable<typeof runtime>);
    const expected = golden.floats("consensus");
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largestDifference(found.consensus, expected)).toBeLessThan(2e-3 * largest);
    for (const [i, mask] of found.masks.entries()) {
      // Features rest in float16, and in 8 bits where only the decoder sees them.
      expect(meanMaskDifference(mask.logits.data, golden.logits(i))).toBeLessThan(5e-3);
      expect(flippedPixels(mask.logits.data, golden.logits(i))).toBeLessThan(0.01);
      expect(mask.presence).toBeCloseTo(golden.floats("presence")[i] as number, 2);
    }
    expect(found.masks).toHaveLength(golden.group);
  });
}
