import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { modelFolder, nodeDecoder, nodeRuntime } from "../../src/engine/host/node.ts";
import { createSegmenter, type Detail, memoryFeatureCache } from "../../src/engine/index.ts";

const ROOT = new URL("../../", import.meta.url);
const NAMES = ["black-on-a-road", "by-a-hedge", "on-a-rock"];

test("what is small is seen twice as fine, and covers much the same", async () => {
  const segmenter = await createSegmenter({
    model: modelFolder(new URL("models/cosal-lite", ROOT)),
    runtime: nodeRuntime(),
    decoder: nodeDecoder(),
    features: memoryFeatureCache(10e6),
  });
  const images = NAMES.map((id) => ({
    id,
    bytes: async () => new Uint8Array(await readFile(new URL(`examples/cats/${id}.jpg`, ROOT))),
  }));
  const cats = (detail: Detail) => Array.fromAsync(segmenter.segment(images, { detail }));
  const normal = await cats("normal");
  // The features are known by now.
  const high = await cats("high");
  const finer = high.filter(({ logits }, i) => logits.width === 2 * normal[i]!.logits.width);
  expect(finer.length).toBeGreaterThan(0);
  for (const [i, mask] of high.entries()) {
    const { coverage, logits } = normal[i]!;
    expect(Math.abs(mask.coverage - coverage)).toBeLessThan(0.1);
    if (mask.logits.width === logits.width) expect(mask.logits.data).toEqual(logits.data);
    else expect(mask.coverage).not.toBe(coverage);
  }
});
