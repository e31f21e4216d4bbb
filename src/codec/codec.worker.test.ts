import { expect, test } from "vitest";
import restarts from "../../test/fixtures/images/jpeg-restarts.jpg";
import progressive from "../../test/fixtures/images/progressive.jpg";
import { concatenate, USUAL_SCRIPT, writeJpeg } from "../../test/jpeg-writer.ts";
import {
  cutout,
  decodeLogits,
  encodeLogits,
  type InputFormat,
  type MaskRecord,
  maskPng,
  maskPolygons,
  maskRle,
  maskSvg,
  maskWebp,
} from "./index.ts";
import { workerdDecoder, workerdWebpEncoder } from "./workerd.ts";

const decoder = workerdDecoder();
const record: MaskRecord = {
  width: 48,
  height: 32,
  logits: { width: 3, height: 2, data: Float32Array.of(-9, 9, -9, -9, 2, -2) },
};

test.each([
  ["jpeg-restarts.jpg", restarts],
  ["progressive.jpg", progressive],
])("%s: decoded, and reduced to the network's input", async (_name, file) => {
  const bytes = new Uint8Array(file);
  const pixels = await decoder.decode(bytes);
  expect([pixels.width, pixels.height]).toEqual([48, 32]);
  const format: InputFormat = { width: 6, height: 4, mean: [0, 0, 0], std: [1, 1, 1] };
  const tensor = await decoder.sample(bytes, format);
  // Red at the upper left, green at the upper right.
  expect(tensor[0]).toBeGreaterThan(0.75);
  expect(tensor[5]).toBeLessThan(0.25);
  expect(tensor[24 + 5]).toBeGreaterThan(0.7);
  await expect(decoder.decode(bytes.subarray(0, 400))).rejects.toMatchObject({
    code: "image_undecodable",
  });
});

test("a JPEG with flaws that harm nothing, at full and at reduced scale; one that lacks data", async () => {
  const sampling = [[4, 2], [1, 1], [1, 1]] as const; // biome-ignore format: a table
  for (const more of [{}, { progressive: true, scans: USUAL_SCRIPT }]) {
    const file = writeJpeg({ width: 150, height: 90, sampling, ...more });
    const trailer = Uint8Array.of(0, 1, 0xff, 0xc0, 3);
    const flawed = concatenate([file.subarray(0, -2), trailer]);
    expect(await decoder.decode(flawed)).toEqual(await decoder.decode(file));
    const format: InputFormat = { width: 12, height: 8, mean: [0, 0, 0], std: [1, 1, 1] };
    expect(await decoder.sample(flawed, format)).toEqual(await decoder.sample(file, format));
    const cut = concatenate([file.subarray(0, -40), file.subarray(-2)]);
    const refused = { code: "image_undecodable" };
    await expect(decoder.decode(cut)).rejects.toMatchObject(refused);
    await expect(decoder.sample(cut, format)).rejects.toMatchObject(refused);
  }
});

test("a record, and every file that is made of it", async () => {
  const kept = await decodeLogits(await encodeLogits(record));
  expect(kept).toEqual(record);
  const soft = await decoder.decode(await maskPng(kept));
  expect(await decoder.decode(await maskWebp(kept))).toEqual(soft);
  expect(soft.data[4 * 24]).toBe(255);
  expect((await maskRle(kept)).size).toEqual([32, 48]);
  expect(await maskPolygons(kept)).toHaveLength(1);
  expect(await maskSvg(kept)).toContain("evenodd");
  const photograph = await decoder.decode(new Uint8Array(progressive));
  const exact = await decoder.decode(await cutout(photograph, kept));
  const webp = await decoder.decode(await cutout(photograph, kept, { webp: workerdWebpEncoder() }));
  for (let i = 3; i < exact.data.length; i += 4) expect(webp.data[i]).toBe(exact.data[i]);
  expect(exact.data[4 * 24 + 3]).toBeGreaterThan(200);
});
