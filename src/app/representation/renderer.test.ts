import { expect, it, vi } from "vitest";
import { encodeLogits } from "../../codec/index.ts";
import { renderer } from "./renderer.ts";

const [width, height] = [2000, 1500];
const data = Float32Array.from({ length: 64 }, (_, i) => (i % 8) - 4);
const record = await encodeLogits({ width, height, logits: { width: 8, height: 8, data } });

it.each([
  ["masks", "png"],
  ["masks", "binary.png"],
  ["masks", "webp"],
  ["masks", "rle.json"],
  ["masks", "polygons.json"],
  ["masks", "svg"],
  ["cutouts", "png"],
  ["overlays", "png"],
] as const)("%s as %s are made in pieces, with a pause between two", async (kind, suffix) => {
  const pixels = { width, height, data: new Uint8Array(4 * width * height).fill(200) };
  const decoder = { decode: async () => pixels };
  const variant = { kind, suffix, size: "source", threshold: 0.5 } as const;
  const task = { variant, record, ...(kind !== "masks" && { photograph: new Uint8Array(1) }) };
  const pause = vi.fn(async () => {});
  const file = await renderer({ decoder, pause })(task);
  expect(pause.mock.calls.length).toBeGreaterThan(8);
  expect(file).toEqual(await renderer({ decoder })(task));
});
