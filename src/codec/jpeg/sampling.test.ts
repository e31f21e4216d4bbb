import { readFileSync } from "node:fs";
import decodeMozjpeg, { init } from "@jsquash/jpeg/decode.js";
import { beforeAll, describe, expect, test } from "vitest";
import { decoder, SIZE } from "../../../test/jpeg-flaws.ts";
import { writeJpeg } from "../../../test/jpeg-writer.ts";

/** libjpeg's answer to the same file, by another build of it. */
async function expectMozjpegs(file: Uint8Array<ArrayBuffer>): Promise<void> {
  const wanted = await decodeMozjpeg(file.slice().buffer);
  const { data } = await decoder.decode(file);
  for (const [i, value] of wanted.data.entries()) {
    if (Math.abs(value - (data[i] as number)) > 1) throw new Error(`${i}: ${value}`);
  }
}

beforeAll(async () => {
  const wasm = readFileSync(
    new URL(import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm")),
  );
  type Init = (module: WebAssembly.Module) => Promise<void>;
  await (init as unknown as Init)(await WebAssembly.compile(wasm));
  (globalThis as { ImageData?: unknown }).ImageData ??= function image(
    data: Uint8ClampedArray,
    width: number,
    height: number,
  ) {
    return { data, width, height };
  };
});

describe("sampling", () => {
  test.each([
    ["4x2,1x1,1x1", [4, 2, 1, 1, 1, 1]],
    ["4x1,2x1,2x1", [4, 1, 2, 1, 2, 1]],
    ["4x1,1x1,1x1", [4, 1, 1, 1, 1, 1]],
    ["1x4,1x1,1x1", [1, 4, 1, 1, 1, 1]],
    ["3x1,1x1,1x1", [3, 1, 1, 1, 1, 1]],
    ["1x3,1x1,1x1", [1, 3, 1, 1, 1, 1]],
    ["2x2,1x2,1x2", [2, 2, 1, 2, 1, 2]],
    ["1x1,2x2,1x1", [1, 1, 2, 2, 1, 1]],
    ["3x2", [3, 2]],
  ])("%s", async (_name, factors) => {
    const sampling = Array.from({ length: factors.length / 2 }, (_, i) => {
      return [factors[2 * i] as number, factors[2 * i + 1] as number] as const;
    });
    await expectMozjpegs(writeJpeg({ ...SIZE, sampling }));
    await expectMozjpegs(writeJpeg({ ...SIZE, sampling, interval: 2 }));
  });

  test("factors that are no multiples of each other are refused by name", async () => {
    const file = writeJpeg({ ...SIZE, sampling: [[3, 1], [2, 1], [1, 1]] }); // biome-ignore format: a table
    await expect(decoder.decode(file)).rejects.toMatchObject({
      code: "image_type_unsupported",
      message: expect.stringContaining("3x1, 2x1, 1x1"),
    });
  });
});
