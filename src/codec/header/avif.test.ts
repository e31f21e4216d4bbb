import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ItemProperty, withProperties, words } from "../../../test/heif-writer.ts";
import { nodeDecoder } from "../node.ts";
import { upright } from "../orientation.ts";
import { cropped, rowsOf } from "../pixel-rows.ts";
import type { Orientation } from "../types.ts";
import type { Rectangle } from "./stored-image.ts";

const FOLDER = new URL("../../../test/fixtures/images/", import.meta.url);
/** 48 x 32. */
const file = new Uint8Array(readFileSync(new URL("orientation-1.avif", FOLDER)));
const decoder = nodeDecoder();

/** Width, height and the distance of the centre from the image's: numerators and denominators. */
const clap = (...fractions: readonly number[]): ItemProperty => {
  return { type: "clap", content: words(...fractions) };
};
const irot = (turns: number): ItemProperty => ({ type: "irot", content: [turns] });
const imir = (axis: number): ItemProperty => ({ type: "imir", content: [axis] });

describe("clap crops", () => {
  test.each<[string, ItemProperty, Rectangle]>([
    ["the upper left", clap(20, 1, 10, 1, -14, 1, -11, 1), { x: 0, y: 0, width: 20, height: 10 }],
    ["the middle", clap(20, 1, 10, 1, 0, 1, 0, 1), { x: 14, y: 11, width: 20, height: 10 }],
    ["the lower right", clap(20, 1, 10, 1, 14, 1, 11, 1), { x: 28, y: 22, width: 20, height: 10 }],
    ["by fractions", clap(46, 2, 36, 4, -1, 2, 3, 2), { x: 12, y: 13, width: 23, height: 9 }],
  ])("%s", async (_name, property, part) => {
    const whole = await decoder.decode(file);
    const found = await decoder.decode(withProperties(file, [property]));
    expect(found).toEqual(upright(cropped(rowsOf(whole), part), 1));
  });

  test.each<[string, readonly ItemProperty[], Orientation, number[]]>([
    ["turned", [clap(20, 1, 10, 1, -14, 1, -11, 1), irot(1)], 8, [10, 20]],
    ["mirrored", [imir(1), clap(20, 1, 10, 1, -14, 1, -11, 1)], 2, [20, 10]],
    ["both", [imir(0), irot(3), clap(20, 1, 10, 1, -14, 1, -11, 1)], 7, [10, 20]],
  ])(
    "before the image is %s, in whatever order it is said",
    async (_n, properties, orientation, size) => {
      const whole = await decoder.decode(file);
      const part = { x: 0, y: 0, width: 20, height: 10 };
      const wanted = upright(cropped(rowsOf(whole), part), orientation);
      for (const where of ["before", "after"] as const) {
        const made = withProperties(file, properties, where);
        expect(decoder.inspect(made)).toMatchObject({
          width: size[0],
          height: size[1],
          orientation,
        });
        expect(await decoder.decode(made)).toEqual(wanted);
      }
    },
  );

  test("the network sees that part too", async () => {
    const format = { width: 16, height: 8, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    // The upper left quarter is red.
    const part = withProperties(file, [clap(20, 1, 10, 1, -14, 1, -11, 1)]);
    const tensor = await decoder.sample(part, format);
    for (let i = 0; i < 16 * 8; i++) {
      expect(tensor[i]).toBeGreaterThan(0.8);
      expect(tensor[16 * 8 + i]).toBeLessThan(0.2);
    }
  });

  test.each<[string, ItemProperty]>([
    ["no whole pixels", clap(41, 2, 10, 1, 0, 1, 0, 1)],
    ["half a pixel off", clap(20, 1, 10, 1, 1, 2, 0, 1)],
    ["beyond the image", clap(20, 1, 10, 1, 15, 1, 0, 1)],
    ["larger than the image", clap(60, 1, 40, 1, 0, 1, 0, 1)],
    ["nothing at all", clap(0, 1, 0, 1, 0, 1, 0, 1)],
    ["a denominator of 0", clap(20, 0, 10, 0, 0, 0, 0, 0)],
  ])("%s counts as none", async (_name, property) => {
    const found = await decoder.decode(withProperties(file, [property]));
    expect(found).toEqual(await decoder.decode(file));
  });

  test("to less than an image needs", () => {
    const tiny = withProperties(file, [clap(4, 1, 10, 1, 0, 1, 0, 1)]);
    expect(() => decoder.inspect(tiny)).toThrow("4 x 10");
  });
});

test("an item without pixi, as older writers left it", async () => {
  for (const name of ["orientation-6.avif", "alpha.avif"]) {
    const whole = new Uint8Array(readFileSync(new URL(name, FOLDER)));
    const bytes = Buffer.from(whole);
    for (let at = bytes.indexOf("pixi"); at > 0; at = bytes.indexOf("pixi", at + 1)) {
      bytes.write("free", at);
      expect(await decoder.decode(bytes)).toEqual(await decoder.decode(whole));
    }
    // Its last box goes to the end, however far that is.
    bytes.writeUInt32BE(0, bytes.indexOf("mdat") - 4);
    expect(await decoder.decode(bytes)).toEqual(await decoder.decode(whole));
  }
});
