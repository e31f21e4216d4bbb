import { expect, test } from "vitest";
import { toy, toyModel } from "../../test/toy-network.ts";
import vectors from "../../test/vectors/confidence.json" with { type: "json" };
import { confidenceOf } from "./confidence.ts";
import { describeModel } from "./index.ts";
import type { Consensus } from "./types.ts";

const WEIGHTS = { bias: 0, presence: 1, sureness: 1, likeness: 1, contrast: 1, size: 1 };
const SHAPE = { consensus: { shape: [2, 1] } };

test("confidence is that of evaluation, training/cosal_training/confidence.py", () => {
  for (const { logits, features, consensus, presence, weights, confidence } of vectors) {
    const data = Float32Array.from(logits.flat());
    const dims = [1, features.length, features[0]!.length, features[0]![0]!.length];
    const tensor = { dims, data: Float32Array.from(features.flat(2)) };
    const size = { width: logits[0]!.length, height: logits.length };
    const shape = [consensus.length, consensus[0]!.length] as const;
    const group: Consensus = { model: "m", shape, data: Float32Array.from(consensus.flat()) };
    const found = confidenceOf({ ...size, data }, tensor, group, presence, weights);
    expect(found).toBeCloseTo(confidence, 6);
  }
});

test("nothing is to be expected of an empty mask", () => {
  const logits = { width: 2, height: 1, data: Float32Array.of(-1, -2) };
  const features = { dims: [1, 1, 1, 1], data: Float32Array.of(1) };
  const consensus: Consensus = { model: "m", shape: [2, 1], data: Float32Array.of(1, 0) };
  expect(confidenceOf(logits, features, consensus, 1, { ...WEIGHTS, bias: 9 })).toBe(0);
});

test("a manifest's confidence is a part of what the model is", async () => {
  const digest = async (changes: object) => (await describeModel(await toyModel(changes))).digest;
  const told = await digest({ ...SHAPE, confidence: WEIGHTS });
  expect(told).not.toBe(await digest(SHAPE));
});

test("a confidence that lacks a weight, or has no surroundings to see from, is refused", async () => {
  const { size, ...less } = WEIGHTS;
  for (const changes of [{ ...SHAPE, confidence: less }, { confidence: WEIGHTS }]) {
    await expect(toy({ changes })).rejects.toMatchObject({ code: "model_invalid" });
  }
});
