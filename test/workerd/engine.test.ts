import { expect, test } from "vitest";
import goldenBytes from "../../models/cosal-lite/golden.bin";
import goldenIndex from "../../models/cosal-lite/golden.json";
import { maskPng } from "../../src/codec/index.ts";
import { workerdDecoder } from "../../src/codec/workerd.ts";
import { createSegmenter } from "../../src/engine/index.ts";
import { workerdRuntime } from "../../src/engine/runtime/workerd.ts";
import avif from "../fixtures/images/orientation-6.avif";
import jpeg from "../fixtures/images/orientation-6.jpg";
import png from "../fixtures/images/orientation-6.png";
import webp from "../fixtures/images/orientation-6.webp";
import {
  decodeGolden,
  Golden,
  largestDifference,
  meanMaskDifference,
  segmentGolden,
} from "../golden.ts";
import { modelFiles } from "./model.ts";

test("the real runtime: a Worker", () => {
  expect(navigator.userAgent).toBe("Cloudflare-Workers");
});

test("parity with the trained network: the graphs alone, and the engine", async () => {
  const golden = new Golden(goldenIndex, goldenBytes);
  const runtime = workerdRuntime();
  const decoded = await decodeGolden(golden, modelFiles, runtime);
  const { consensus, masks } = await segmentGolden(golden, modelFiles, runtime);
  expect(largestDifference(consensus, golden.floats("consensus"))).toBeLessThan(1e-3);
  for (const [i, { logits }] of masks.entries()) {
    expect(largestDifference(decoded[i]!, golden.logits(i))).toBeLessThan(1e-4);
    // Between encoder and decoder, the engine keeps features in 16 and 8 bits.
    expect(meanMaskDifference(logits.data, golden.logits(i))).toBeLessThan(1e-3);
  }
});

test("all four formats in one group, upright, each with a mask file of its size", async () => {
  const decoder = workerdDecoder();
  const parts = { model: modelFiles, runtime: workerdRuntime(), decoder };
  const segmenter = await createSegmenter(parts);
  const images = Object.entries({ jpeg, png, webp, avif }).map(([id, bytes]) => ({
    id,
    bytes: new Uint8Array(bytes),
  }));
  const seen: string[] = [];
  for await (const mask of segmenter.segment(images)) {
    expect([mask.width, mask.height]).toEqual([48, 32]);
    const file = await decoder.decode(await maskPng(mask));
    expect([file.width, file.height]).toEqual([48, 32]);
    seen.push(mask.id);
  }
  expect(seen).toEqual(["jpeg", "png", "webp", "avif"]);
});

test("a broken image is named, and the next group works", async () => {
  const parts = { model: modelFiles, runtime: workerdRuntime(), decoder: workerdDecoder() };
  const segmenter = await createSegmenter(parts);
  const whole = { id: "whole", bytes: new Uint8Array(png) };
  const damaged = new Uint8Array(png.slice(0));
  damaged.fill(0xff, 60, 120);
  const masks = segmenter.segment([whole, { id: "damaged", bytes: damaged }]);
  await expect(Array.fromAsync(masks)).rejects.toMatchObject({
    code: "image_undecodable",
    image: { index: 1, id: "damaged" },
  });
  expect(await Array.fromAsync(segmenter.segment([whole]))).toHaveLength(1);
});
