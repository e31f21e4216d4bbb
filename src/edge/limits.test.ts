import { expect, test } from "vitest";
import { edgeLimits } from "./limits.ts";

test("no backend refuses for its pixels a photograph that the isolate can read", () => {
  const { imagePixels, backends } = edgeLimits({ gpu: true, bucket: false });
  expect(imagePixels.baseline_jpeg).toBe(16_383 ** 2);
  for (const pixels of Object.values(imagePixels)) {
    expect(backends.wasm?.pixels).toBeGreaterThanOrEqual(pixels);
    expect(backends.gpu?.pixels).toBeGreaterThanOrEqual(pixels);
  }
});
