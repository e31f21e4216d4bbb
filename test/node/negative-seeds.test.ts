import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { localCompute } from "../../src/app/index.ts";
import { modelFolder, nodeDecoder, nodeRuntime } from "../../src/engine/host/node.ts";
import { createSegmenter } from "../../src/engine/index.ts";
import { group, problem, setUp } from "../app-client.ts";
import { FAKE_LIMITS } from "../fakes.ts";
import { chunk, idat, ihdr, pngOf } from "../png-writer.ts";

const ROOT = new URL("../../", import.meta.url);
const SIDE = 288;
const HALF = SIDE / 2;
const LEFT = [0, 0, HALF, SIDE];
const RIGHT = [HALF, 0, HALF, SIDE];

const decoder = nodeDecoder();
const segmenter = await createSegmenter({
  model: modelFolder(new URL("models/cosal-lite", ROOT)),
  runtime: nodeRuntime(),
  decoder,
});
const { request } = setUp({
  models: async () => [segmenter],
  compute: localCompute({ name: "wasm", reason: "a test", segmenter: async () => segmenter }),
  decoder,
  limits: { ...FAKE_LIMITS, backends: { wasm: { images: 64, pixels: 1e6, totalPixels: 1e6 } } },
});

/** A cat on the left, a shoe on the right: both are common to all. */
const photographs = await Promise.all([
  beside("cats/on-a-rock", "shoes/pink-boots"),
  beside("cats/by-a-hedge", "shoes/red-trainers"),
  beside("cats/on-a-waste-bin", "shoes/green-heels"),
  beside("cats/black-on-a-road", "shoes/pink-slippers"),
]);

async function beside(left: string, right: string): Promise<Uint8Array<ArrayBuffer>> {
  const halves = await Promise.all(
    [left, right].map(async (name) =>
      decoder.decode(new Uint8Array(await readFile(new URL(`examples/${name}.jpg`, ROOT)))),
    ),
  );
  const rows = new Uint8Array(SIDE * (1 + 3 * SIDE));
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const { width, height, data } = halves[x < HALF ? 0 : 1]!;
      const column = Math.floor(((x % HALF) * width) / HALF);
      const at = 4 * (Math.floor((y * height) / SIDE) * width + column);
      rows.set(data.subarray(at, at + 3), y * (1 + 3 * SIDE) + 1 + 3 * x);
    }
  }
  return pngOf(ihdr({ width: SIDE, height: SIDE, depth: 8, colour: 2 }), idat(rows), chunk("IEND"));
}

function send(seeds: unknown) {
  const body = new FormData();
  for (const [i, bytes] of photographs.entries()) {
    body.append("image", new File([bytes], `${i}.png`, { type: "image/png" }));
  }
  body.append("options", JSON.stringify({ seeds, format: "binary" }));
  return request("/v1/groups", { method: "POST", body });
}

/** The share of all that is masked that lies on the left. */
async function leftShare(seeds: unknown): Promise<number> {
  const sides = [0, 0];
  for (const { mask } of (await group(await send(seeds))).images) {
    const { data } = await decoder.decode(await (await request(mask.url)).bytes());
    for (let i = 0; i < SIDE * SIDE; i++) if (data[4 * i]) sides[i % SIDE < HALF ? 0 : 1]! += 1;
  }
  const [left = 0, right = 0] = sides;
  return left / (left + right);
}

test("what is marked as not meant in one photograph is masked in none; the other object is", async () => {
  // Unmarked, it is the shoes.
  expect(await leftShare([])).toBeLessThan(0.1);
  expect(await leftShare([{ image: 0, negative: true, box: RIGHT }])).toBeGreaterThan(0.9);
  expect(await leftShare([{ image: 0, negative: true, box: LEFT }])).toBeLessThan(0.2);
});

test.each([
  ["a photograph", [{ image: 1, negative: true, box: [0, 0, SIDE, SIDE] }]],
  [
    "what is marked in it",
    [
      { image: 0, point: [10, 10] },
      { image: 1, box: [10, 10, 20, 20] },
      { image: 1, negative: true, box: LEFT },
    ],
  ],
])("where they leave nothing of %s, that is said of it", async (_, seeds) => {
  const response = await send(seeds);
  expect(response.status).toBe(422);
  expect(await problem(response)).toMatchObject({
    code: "seed_invalid",
    detail: expect.stringContaining("The negative seeds leave nothing"),
    errors: [{ pointer: "#/images/1" }],
  });
});
