import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { modelFolder, nodeDecoder, nodeRuntime } from "../../src/engine/host/node.ts";
import { createSegmenter } from "../../src/engine/index.ts";
import { withManifest } from "../golden.ts";

const ROOT = new URL("../../", import.meta.url);
const NAMES = ["cap-on-a-patterned-floor", "striped-cap", "straw", "turquoise"];

/** Masks of hats by the shipped model, its manifest changed. */
async function hats(changes: object) {
  const segmenter = await createSegmenter({
    model: withManifest(modelFolder(new URL("models/cosal-lite", ROOT)), changes),
    runtime: nodeRuntime(),
    decoder: nodeDecoder(),
  });
  const images = NAMES.map((id) => ({
    id,
    bytes: async () => new Uint8Array(await readFile(new URL(`examples/hats/${id}.jpg`, ROOT))),
  }));
  return Array.fromAsync(segmenter.segment(images), ({ logits }) => logits.data);
}

test("the shipped model leaves out parts of masks, and nothing else is changed", async () => {
  const [shipped, everything] = await Promise.all([hats({}), hats({ likeness: undefined })]);
  let dropped = 0;
  for (const [i, mask] of everything.entries()) {
    for (const [k, logit] of mask.entries()) {
      const left = shipped[i]![k] as number;
      if (left === logit) continue;
      expect(left).toBe(-8);
      if (logit >= 0) dropped++;
    }
    expect(shipped[i]!.some((logit) => logit > 0)).toBe(true);
  }
  expect(dropped).toBeGreaterThan(20);
});
