import { expect, test } from "vitest";
import { toy, toyModel } from "../../test/toy-network.ts";
import vectors from "../../test/vectors/confidence.json" with { type: "json" };
import { confidenceOf, presenceOf } from "./confidence.ts";
import { figuresOf } from "./figures.ts";
import { describeModel } from "./index.ts";
import type { Consensus } from "./types.ts";

const WEIGHTS = { bias: 0, height: 1, flatness: 1, contrast: 1, size: 1 };
const PRESENCE = { bias: 0, presence: 1, likeness: 1 };
const SHAPE = { consensus: { shape: [2, 1] } };

test("confidence and presence are those of evaluation, training/cosal_training/confidence.py", () => {
  for (const { logits, features, consensus, ...given } of vectors) {
    const data = Float32Array.from(logits.flat());
    const dims = [1, features.length, features[0]!.length, features[0]![0]!.length];
    const tensor = { dims, data: Float32Array.from(features.flat(2)) };
    const size = { width: logits[0]!.length, height: logits.length };
    const shape = [consensus.length, consensus[0]!.length] as const;
    const group: Consensus = { model: "m", shape, data: Float32Array.from(consensus.flat()) };
    const figures = figuresOf({ ...size, data }, tensor, group);
    expect(confidenceOf(figures, given.weights)).toBeCloseTo(given.confidence, 6);
    const presence = presenceOf(given.decoderPresence, figures, given.presenceWeights);
    expect(presence).toBeCloseTo(given.presence, 6);
  }
});

test("nothing is to be expected of an empty mask", () => {
  const logits = { width: 2, height: 1, data: Float32Array.of(-1, -2) };
  const features = { dims: [1, 1, 1, 1], data: Float32Array.of(1) };
  const consensus: Consensus = { model: "m", shape: [2, 1], data: Float32Array.of(1, 0) };
  const figures = figuresOf(logits, features, consensus);
  expect(confidenceOf(figures, { ...WEIGHTS, bias: 9 })).toBe(0);
});

test("a manifest's weights are a part of what the model is", async () => {
  const digest = async (changes: object) => (await describeModel(await toyModel(changes))).digest;
  const changes = [
    SHAPE,
    { ...SHAPE, confidence: WEIGHTS },
    { ...SHAPE, presenceWeights: PRESENCE },
  ];
  expect(new Set(await Promise.all(changes.map(digest))).size).toBe(3);
});

test("a mask unlike the object makes it less likely that the object is there", () => {
  const figures = { contrast: 0, height: 0, flatness: 0.5, size: 0 };
  const [unlike, alike] = [0, 1].map((likeness) =>
    presenceOf(0.9, { ...figures, likeness }, PRESENCE),
  );
  expect(unlike).toBeCloseTo(0.9, 6);
  expect(alike).toBeGreaterThan(0.95);
});

test("a confidence that lacks a weight, or has no surroundings to see from, is refused", async () => {
  const { size, ...less } = WEIGHTS;
  for (const changes of [{ ...SHAPE, confidence: less }, { confidence: WEIGHTS }]) {
    await expect(toy({ changes })).rejects.toMatchObject({ code: "model_invalid" });
  }
});
