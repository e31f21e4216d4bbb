import { describe, expect, test } from "vitest";
import {
  adobe,
  type JpegScript,
  type ScanScript,
  USUAL_SCRIPT,
  writeJpeg,
} from "../../../test/jpeg-writer.ts";
import { nodeDecoder } from "../node.ts";
import type { InputFormat } from "../types.ts";
import { decodeReduced } from "./reduced.ts";
import { readStructure } from "./structure.ts";

const decoder = nodeDecoder();
const SIZE = { width: 157, height: 133 };

/** Each component at once, or with its last bit in a second scan. */
function scansOf(components: number): ScanScript[] {
  const all = Array.from({ length: components }, (_, i) => i);
  return [
    { components: all, first: 0, last: 0, low: 1 },
    ...all.map((index) => ({ components: [index], first: 1, last: 63, low: 1 })),
    { components: all, first: 0, last: 0, high: 1, low: 0 },
    ...all.map((index) => ({ components: [index], first: 1, last: 63, high: 1, low: 0 })),
  ];
}

const KINDS: readonly (readonly [string, JpegScript])[] = [
  ["grey", { ...SIZE, sampling: [[1, 1]] }],
  ["4:4:4", { ...SIZE, sampling: [[1, 1], [1, 1], [1, 1]] }],
  ["4:2:0", { ...SIZE, sampling: [[2, 2], [1, 1], [1, 1]] }],
  ["4:2:0 with restarts", { ...SIZE, sampling: [[2, 2], [1, 1], [1, 1]], interval: 7 }],
  ["RGB", { ...SIZE, sampling: [[1, 1], [1, 1], [1, 1]], before: [adobe(0)] }],
  ["CMYK", { ...SIZE, sampling: [[1, 1], [1, 1], [1, 1], [1, 1]], before: [adobe(0)] }],
  ["YCCK", { ...SIZE, sampling: [[1, 1], [1, 1], [1, 1], [1, 1]], before: [adobe(2)] }],
  ["4:1:0", { ...SIZE, sampling: [[4, 2], [1, 1], [1, 1]] }],
  ["4:2:2", { ...SIZE, sampling: [[2, 1], [1, 1], [1, 1]] }],
]; // biome-ignore format: a table

/** Colours here are noise; where they are coarser on one axis, libjpeg interpolates them. */
const STRETCHED = ["4:1:0", "4:2:2"];

const format = (width: number, height: number): InputFormat => {
  return { width, height, mean: [0, 0, 0], std: [1, 1, 1] };
};

function meanOff(found: Float32Array, wanted: Float32Array): number {
  const off = wanted.reduce((sum, value, i) => sum + Math.abs(value - (found[i] as number)), 0);
  return (255 * off) / wanted.length;
}

describe.each(KINDS)("%s", (name, script) => {
  const allowed = STRETCHED.includes(name) ? 5 : 2.5;
  const components = script.sampling.length;
  const baseline = writeJpeg(script);
  const others = {
    progressive: writeJpeg({ ...script, progressive: true, scans: scansOf(components) }),
    "component after component": writeJpeg({
      ...script,
      scans: script.sampling.map((_, i) => ({ components: [i] })),
    }),
  };

  test.each(Object.entries(others))("%s: the network's input is the baseline one's", async (_, file) => {
    // An eighth, a quarter, half, five and seven eighths of the sides.
    for (const [width, height] of [[10, 10], [20, 20], [40, 40], [60, 50], [90, 77]] as const) {
      const wanted = await decoder.sample(baseline, format(width, height));
      const found = await decoder.sample(file, format(width, height));
      expect(meanOff(found, wanted)).toBeLessThan(allowed);
    }
  }); // biome-ignore format: a table

  test.each(Object.entries(others))(
    "%s: whole, the pixels are the baseline one's",
    async (_, file) => {
      expect((await decoder.decode(file)).data).toEqual((await decoder.decode(baseline)).data);
    },
  );
});

test("all bits of the coefficients that are kept are used", () => {
  const script = { ...SIZE, sampling: [[2, 2], [1, 1], [1, 1]] } as const; // biome-ignore format: a table
  const plain = writeJpeg({ ...script, scans: [0, 1, 2].map((i) => ({ components: [i] })) });
  const progressive = writeJpeg({ ...script, progressive: true, scans: USUAL_SCRIPT });
  for (let eighths = 1; eighths < 8; eighths++) {
    const wanted = decodeReduced(plain, readStructure(plain), eighths);
    expect(wanted.width).toBe(Math.ceil((SIZE.width * eighths) / 8));
    expect(decodeReduced(progressive, readStructure(progressive), eighths)).toEqual(wanted);
  }
});

test("what is damaged is refused at reduced scale too", async () => {
  for (const scans of [USUAL_SCRIPT, scansOf(3)]) {
    const script = { ...SIZE, sampling: [[2, 2], [1, 1], [1, 1]], progressive: true, scans } as const; // biome-ignore format: a table
    const file = writeJpeg(script);
    await decoder.sample(file, format(20, 20));
    const refused = expect.objectContaining({ code: "image_undecodable" });
    for (const length of [1, 5, 50, 500]) {
      const cut = file.subarray(0, file.length - 2 - length);
      await expect(decoder.sample(cut, format(20, 20))).rejects.toEqual(refused);
      const ended = Uint8Array.of(...cut, 0xff, 0xd9);
      await expect(decoder.sample(ended, format(20, 20))).rejects.toEqual(refused);
    }
  }
});

test("a hundred scans of a larger image are refused at its full size", async () => {
  const scans: ScanScript[] = Array.from({ length: 100 }, (_, i) =>
    i === 0 ? { components: [0], first: 0, last: 0 } : { components: [0], first: 1, last: 63 },
  );
  const small = writeJpeg({ width: 8, height: 8, sampling: [[1, 1]], progressive: true, scans });
  const file = small.slice();
  const frame = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xc2);
  new DataView(file.buffer).setUint32(frame + 5, (2400 << 16) | 2400);
  await expect(decoder.decode(file)).rejects.toMatchObject({
    code: "image_too_many_pixels",
    limit: { name: "blocks in all scans", limit: 8_000_000, actual: 9_000_000 },
  });
  expect(await decoder.decode(small)).toMatchObject({ width: 8 });
});
