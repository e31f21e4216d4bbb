import { describe, expect, test } from "vitest";
import { toy, toyModel } from "../../test/toy-network.ts";
import vectors from "../../test/vectors/likeness.json" with { type: "json" };
import { describeModel } from "./index.ts";
import { likenessMap, withoutUnlike } from "./likeness.ts";
import type { Consensus } from "./types.ts";

function consensusOf(prototypes: number[][]): Consensus {
  const shape = [prototypes.length, prototypes[0]!.length] as const;
  return { model: "m", shape, data: Float32Array.from(prototypes.flat()) };
}

/** Which parts stay of a mask of parts in a row, each over a cell of the grid with these features. */
function left(features: number[][], prototypes: number[][], least: number): boolean[] {
  const cells = features.length;
  const channels = prototypes[0]!.length;
  const data = new Float32Array(channels * cells);
  for (const [cell, vector] of features.entries()) {
    for (const [channel, value] of vector.entries()) data[channel * cells + cell] = value;
  }
  const parts = Float32Array.from(features.flatMap(() => [9, 9, -9]));
  const logits = { width: parts.length, height: 1, data: parts };
  const tensor = { dims: [1, channels, 1, cells], data };
  const found = withoutUnlike(logits, tensor, consensusOf(prototypes), least);
  return features.map((_, cell) => (found.data[3 * cell] as number) > 0);
}

describe("parts of a mask", () => {
  const at = (cosine: number) => [cosine, Math.sqrt(1 - cosine ** 2)];
  const prototypes = [
    [1, 0],
    [0, 0],
  ];

  test.each([
    [0.8, [1, 0.79, 0.81], [true, false, true]],
    [0.8, [0.5, 0.3, 0.45], [true, false, true]],
    [0.5, [0.5, 0.3, 0.2], [true, true, false]],
    [0, [0.5, 0.3, -0.2], [true, true, true]],
  ])("that are less than %f times as like the object as the best go", (least, likeness, stay) => {
    expect(left(likeness.map(at), prototypes, least)).toEqual(stay);
  });

  test("all stay where not even the best is like it", () => {
    expect(left([-0.1, -0.5, -1].map(at), prototypes, 0.8)).toEqual([true, true, true]);
  });

  test("are compared as seen from the surroundings", () => {
    const features = [
      [3, 3],
      [4, 3],
    ];
    const seen = [
      [4, 3],
      [3, 3],
    ];
    expect(left(features, seen, 0.8)).toEqual([false, true]);
  });

  test("a mask of one part is returned as it is", () => {
    const logits = { width: 3, height: 1, data: Float32Array.of(-1, 2, 3) };
    const features = { dims: [1, 2, 1, 1], data: Float32Array.of(1, 1) };
    expect(withoutUnlike(logits, features, consensusOf(prototypes), 1)).toBe(logits);
  });
});

test("the same parts go as in evaluation, training/cosal_training/likeness.py", () => {
  for (const { logits, features, consensus, dropped } of vectors) {
    const data = Float32Array.from(logits.flat());
    const dims = [1, features.length, features[0]!.length, features[0]![0]!.length];
    const tensor = { dims, data: Float32Array.from(features.flat(2)) };
    const size = { width: logits[0]!.length, height: logits.length };
    const found = withoutUnlike({ ...size, data }, tensor, consensusOf(consensus), 0.8);
    const changed = [...data.keys()].filter((i) => found.data[i] !== data[i]);
    expect(changed).toEqual(dropped);
  }
});

describe("a manifest's likeness", () => {
  const shape = { consensus: { shape: [2, 1] } };

  test("is a part of what the model is", async () => {
    const digest = async (changes: object) => (await describeModel(await toyModel(changes))).digest;
    const digests = [{}, { likeness: 0.8 }, { likeness: 0.7 }].map((changes) =>
      digest({ ...shape, ...changes }),
    );
    expect(new Set(await Promise.all(digests)).size).toBe(3);
  });

  test.each([
    ["without prototypes of surroundings", { likeness: 0.8 }],
    ["that is no share", { ...shape, likeness: 1.5 }],
  ])("%s is refused", async (_, changes) => {
    await expect(toy({ changes })).rejects.toMatchObject({ code: "model_invalid" });
  });
});

test("the map of an image's likeness, cell by cell", () => {
  const consensus = consensusOf([
    [1, 0],
    [0, 0],
  ]);
  // Two cells beside each other: the channels one after the other.
  const features = { dims: [1, 2, 1, 2], data: Float32Array.of(2, -3, 0, 0) };
  const map = likenessMap(features, consensus);
  expect([map.width, map.height]).toEqual([2, 1]);
  expect([...map.data]).toEqual([1, -1]);
});
