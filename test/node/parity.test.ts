import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { nodeRuntime } from "../../src/engine/runtime/node.ts";
import {
  decodeGolden,
  Golden,
  largestDifference,
  meanMaskDifference,
  segmentGolden,
  withManifest,
} from "../golden.ts";

const MODEL = new URL("../../models/cosal-lite/", import.meta.url);
const files = async (name: string) => new Uint8Array(await readFile(new URL(name, MODEL)));
const golden = new Golden(
  JSON.parse(readFileSync(new URL("golden.json", MODEL), "utf8")),
  new Uint8Array(readFileSync(new URL("golden.bin", MODEL))).buffer,
);
/** Features that the consensus is made of are kept in float16. */
const CONSENSUS = 1e-3;
/** Features that only the decoder sees are kept in 8 bits. */
const MASK = 1e-3;

test("the graphs give what the trained network gave", async () => {
  // The training package holds them to the same figure against PyTorch.
  for (const [i, logits] of (await decodeGolden(golden, files, nodeRuntime())).entries()) {
    expect(largestDifference(logits, golden.logits(i))).toBeLessThan(1e-4);
  }
});

test("the engine gives what the trained network gave: consensus, masks, presence", async () => {
  // The golden presence is the decoder's.
  const model = withManifest(files, { presenceWeights: undefined });
  const { consensus, masks } = await segmentGolden(golden, model, nodeRuntime());
  expect(largestDifference(consensus, golden.floats("consensus"))).toBeLessThan(CONSENSUS);
  for (const [i, mask] of masks.entries()) {
    expect(meanMaskDifference(mask.logits.data, golden.logits(i))).toBeLessThan(MASK);
    expect(mask.presence).toBeCloseTo(golden.floats("presence")[i] as number, 3);
  }
  expect(masks).toHaveLength(golden.group);
});

test("without refinement, the consensus is the affinity's", async () => {
  const { consensus } = await segmentGolden(
    golden,
    withManifest(files, { refinements: 0 }),
    nodeRuntime(),
  );
  expect(largestDifference(consensus, golden.floats("consensus0"))).toBeLessThan(CONSENSUS);
  expect(largestDifference(consensus, golden.floats("consensus"))).toBeGreaterThan(CONSENSUS);
});
