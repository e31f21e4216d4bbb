import { describe, expect, test } from "vitest";
import {
  COLOUR,
  decoder,
  END,
  edited,
  expectSame,
  markerOf,
  SIZE,
} from "../../../test/jpeg-flaws.ts";
import { adobe, concatenate, jpegParts, segment, writeJpeg } from "../../../test/jpeg-writer.ts";
import type { Pixels } from "../types.ts";
import { MARKER } from "./markers.ts";

describe("other kinds of JPEG", () => {
  const frames = jpegParts({ ...SIZE, sampling: COLOUR });

  test.each([
    [0xc3, "lossless"],
    [0xc5, "hierarchical"],
    [0xc7, "lossless"],
    [0xc9, "arithmetic-coded"],
    [0xca, "arithmetic-coded and progressive"],
    [0xcb, "arithmetic-coded and lossless"],
    [0xcf, "hierarchical"],
  ])("start of frame %i is refused as %s", async (marker, name) => {
    const parts = frames.map((part) =>
      markerOf(part) === MARKER.SOF0 ? Uint8Array.of(0xff, marker, ...part.subarray(2)) : part,
    );
    await expect(decoder.decode(concatenate(parts))).rejects.toMatchObject({
      code: "image_type_unsupported",
      message: expect.stringContaining(name),
    });
  });

  test("twelve bits a sample", async () => {
    const parts = frames.flatMap(edited(MARKER.SOF0, 4, 12));
    await expect(decoder.decode(concatenate(parts))).rejects.toMatchObject({
      code: "image_type_unsupported",
      message: expect.stringContaining("12 bits"),
    });
  });

  const inks = Array.from({ length: 4 }, () => [1, 1] as const);
  const scans = inks.map((_, i) => ({ components: [i] }));

  /** Some of the components by themselves, as grey or as YCbCr. */
  function only(...components: number[]): Promise<Pixels> {
    const factors = components.flatMap((index) => [index + 1, 0x11, 0]);
    const { width, height } = SIZE;
    const frame = segment(MARKER.SOF0, 8, 0, height, 0, width, components.length, ...factors);
    const parts = jpegParts({ ...SIZE, sampling: inks, scans });
    const first = parts.findIndex((part) => markerOf(part) === MARKER.SOS);
    const head = parts
      .slice(0, first)
      .map((part) => (markerOf(part) === MARKER.SOF0 ? frame : part));
    const data = components.flatMap((i) => parts.slice(first + 2 * i, first + 2 * i + 2));
    return decoder.decode(concatenate([...head, ...data, END]));
  }

  test("four inks, with or without Adobe's marker: each colour times black", async () => {
    const { data } = await decoder.decode(
      writeJpeg({ ...SIZE, sampling: inks, before: [adobe(0)] }),
    );
    await expectSame(writeJpeg({ ...SIZE, sampling: inks, before: [] }), { ...SIZE, data });
    const planes = await Promise.all([only(0), only(1), only(2), only(3)]);
    for (let i = 0; i < data.length; i += 4) {
      const [cyan, magenta, yellow, black] = planes.map((plane) => plane.data[i] as number);
      const wanted = [cyan, magenta, yellow].map((ink) =>
        Math.round(((ink as number) * (black as number)) / 255),
      );
      expect([...data.subarray(i, i + 4)]).toEqual([...wanted, 255]);
    }
  });

  test("four inks as luminance and colour", async () => {
    const file = writeJpeg({ ...SIZE, sampling: inks, before: [adobe(2)] });
    const { data } = await decoder.decode(file);
    const [colour, black] = await Promise.all([only(0, 1, 2), only(3)]);
    for (let i = 0; i < data.length; i++) {
      const isAlpha = i % 4 === 3;
      const ink = 255 - (colour.data[i] as number);
      const wanted = isAlpha ? 255 : Math.round((ink * (black.data[i - (i % 4)] as number)) / 255);
      if (wanted !== data[i]) throw new Error(`${i}: ${data[i]} where ${wanted} is right`);
    }
  });
});
