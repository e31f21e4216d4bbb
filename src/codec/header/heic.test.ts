import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { codedImageOf, gridOf, type ItemProperty, words } from "../../../test/heif-writer.ts";
import { createDecoder } from "../decoder.ts";
import { nodeDecoder } from "../node.ts";
import { upright } from "../orientation.ts";
import { cropped, rowsOf } from "../pixel-rows.ts";
import type { Orientation } from "../types.ts";
import { readHeader } from "./index.ts";

const FOLDER = new URL("../../../test/fixtures/images/", import.meta.url);
/** 48 x 32: red, green, blue and yellow quarters. */
const file = new Uint8Array(readFileSync(new URL("quarters.heic", FOLDER)));
/** As it is coded: 64 x 64. */
const tile = codedImageOf(file);
const size = { width: 48, height: 32 };
const decoder = nodeDecoder();
const HEIC = ["image/heic"] as const;

const irot = (turns: number): ItemProperty => ({ type: "irot", content: [turns] });
const imir = (axis: number): ItemProperty => ({ type: "imir", content: [axis] });
const upperLeft: ItemProperty = {
  type: "clap",
  content: words(20, 1, 10, 1, -14, 1, -11, 1),
};

describe.skipIf(!decoder.types.includes("image/heic"))("with libheif-js", () => {
  test("a photograph is decoded, for files and for the network", async () => {
    expect(decoder.inspect(file)).toMatchObject({ type: "image/heic", kind: "heic", ...size });
    const { width, data } = await decoder.decode(file);
    const format = { ...size, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const tensor = await decoder.sample(file, format);
    for (const [x, y, ...colour] of [
      [10, 8, 220, 30, 30],
      [40, 8, 30, 200, 30],
      [10, 24, 30, 30, 220],
      [40, 24, 230, 220, 40],
    ] as const) {
      const at = y * width + x;
      for (const [k, value] of colour.entries()) {
        expect(Math.abs((data[4 * at + k] as number) - value)).toBeLessThan(8);
        expect(255 * (tensor[k * 48 * 32 + at] as number)).toBeCloseTo(
          data[4 * at + k] as number,
          3,
        );
      }
      expect(data[4 * at + 3]).toBe(255);
    }
  });

  test("the tiles of a grid lie side by side, and what is beyond the image is cut off", async () => {
    const whole = await decoder.decode(gridOf(tile, { width: 64, height: 64 }));
    const grid = gridOf(tile, { width: 150, height: 100 });
    expect(decoder.inspect(grid)).toMatchObject({ width: 150, height: 100 });
    const { width, height, data } = await decoder.decode(grid);
    expect([width, height]).toEqual([150, 100]);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [at, from] = [4 * (y * width + x), 4 * ((y % 64) * 64 + (x % 64))];
        if (data[at] !== whole.data[from]) throw new Error(`${x}, ${y}`);
      }
    }
  });

  test.each<[string, readonly ItemProperty[], Orientation]>([
    ["turned", [irot(1)], 8],
    ["turned upside down", [irot(2)], 3],
    ["mirrored", [imir(1)], 2],
    ["turned, then mirrored", [irot(3), imir(1)], 5],
    ["cropped, then turned", [upperLeft, irot(3)], 6],
  ])("it is %s as the file says", async (_name, properties, orientation) => {
    const plain = await decoder.decode(gridOf(tile, size));
    const part = properties.includes(upperLeft)
      ? { x: 0, y: 0, width: 20, height: 10 }
      : { x: 0, y: 0, ...size };
    const wanted = upright(cropped(rowsOf(plain), part), orientation);
    const made = gridOf(tile, size, properties);
    const { width, height } = wanted;
    expect(decoder.inspect(made)).toMatchObject({ width, height, orientation: 1 });
    expect(await decoder.decode(made)).toEqual(wanted);
  });

  test("a broken file is an error, and the next one decodes", async () => {
    const wanted = await decoder.decode(file);
    for (const length of [20, 300, 500, file.length - 1]) {
      await expect(decoder.decode(file.subarray(0, length))).rejects.toMatchObject({
        code: "image_undecodable",
      });
      expect(await decoder.decode(file)).toEqual(wanted);
    }
    for (let at = 0; at < file.length; at += 7) {
      const copy = file.slice();
      copy[at]! ^= 0x55;
      const decoded = await decoder.decode(copy).catch((error) => error);
      if (decoded instanceof Error)
        expect(decoded).toMatchObject({ name: "CosalError", isCallerFault: true });
    }
    expect(await decoder.decode(file)).toEqual(wanted);
  });
});

describe("without it", () => {
  const none = () => Promise.reject(new Error("not asked for"));
  const modules = { "image/jpeg": none, "image/webp": none, "image/avif": none };
  const refused = {
    code: "image_type_unsupported",
    message: expect.stringMatching(
      /HEIC, as iPhones.*JPEG, PNG, WebP and AVIF are taken.*Most Compatible/,
    ),
  };
  const format = { width: 8, height: 8, mean: [0, 0, 0], std: [1, 1, 1] } as const;

  test("it is refused by name, with what to do", async () => {
    const plain = createDecoder(modules, 2 ** 25);
    expect(plain.types).not.toContain("image/heic");
    expect(() => plain.inspect(file)).toThrow(expect.objectContaining(refused));
    await expect(plain.sample(file, format)).rejects.toMatchObject(refused);
  });

  test("its header is read where another decoder takes it, however large it is", async () => {
    const worker = createDecoder(modules, 2 ** 25, true);
    const large = gridOf(tile, { width: 8064, height: 6048 });
    expect(worker.inspect(large)).toMatchObject({
      type: "image/heic",
      width: 8064,
      height: 6048,
      decodedElsewhere: { type: "image/heic", kind: "heic", pixels: 8064 * 6048, refusal: refused },
    });
    expect(() => worker.inspect(gridOf(tile, { width: 16_384, height: 64 }))).toThrow("16384");
    await expect(worker.sample(file, format)).rejects.toMatchObject(refused);
    await expect(worker.decode(file)).rejects.toMatchObject(refused);
  });
});

test("as many pixels are taken as libheif has memory for, by what is in the file", () => {
  const heap = 320 * 2 ** 20;
  const taken = { heap, types: HEIC };
  // As one image with all of its colours; a phone's grid has half of them on each axis.
  const full = { width: 5712, height: 4284 };
  expect(() => readHeader(gridOf(tile, full), taken)).toThrow("The HEIC is 5712 x 4284");
  const configuration = Uint8Array.from(tile.configuration);
  configuration[8 + 16] = 0xfd;
  const phone = { ...tile, configuration };
  expect(readHeader(gridOf(phone, full), taken).width).toBe(5712);
  const largest = gridOf(phone, { width: 8064, height: 6048 });
  expect(readHeader(largest, taken)).toMatchObject({ width: 8064, height: 6048 });
});
