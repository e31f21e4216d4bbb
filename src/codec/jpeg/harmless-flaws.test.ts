import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  COLOUR,
  changed,
  decoder,
  END,
  edited,
  expectSame,
  isData,
  isRestart,
  markerOf,
  SCRIPTS,
  SIZE,
} from "../../../test/jpeg-flaws.ts";
import {
  adobe,
  concatenate,
  type JpegScript,
  jpegParts,
  segment,
  writeJpeg,
} from "../../../test/jpeg-writer.ts";
import { MARKER } from "./markers.ts";

const scripts = fc.constantFrom(...Object.values(SCRIPTS));

describe.each(Object.keys(SCRIPTS))("%s: a flaw that harms nothing", (name) => {
  const script = SCRIPTS[name] as JpegScript;
  const parts = jpegParts(script);
  const body = concatenate(parts.slice(0, -1));
  const another = writeJpeg({ width: 20, height: 20, sampling: [[1, 1]] });

  test.each<[string, Uint8Array]>([
    ["restarts as they should be", concatenate(parts)],
    ["JFIF of version 3", changed(script, edited(MARKER.APP0, 9, 3))],
    ["no end", body],
    ["a maker's data instead of the end", concatenate([body, Uint8Array.of(0, 0, 83, 69, 70, 84)])],
    [
      "data that look like markers instead of the end",
      concatenate([body, Uint8Array.of(1, 0xff, 0x30, 2, 0xff, 0xc0, 0, 4, 0xff, 0xda, 0xff)]),
    ],
    ["another image after the end", concatenate([body, END, another])],
    ["bytes before the end", concatenate([body, Uint8Array.of(0, 0, 7), END])],
    ["a restart before the end", concatenate([body, Uint8Array.of(0xff, 0xd0), END])],
    [
      "bytes before restarts",
      changed(script, (part) => (isRestart(part) ? [Uint8Array.of(1, 2, 3), part] : [part])),
    ],
    [
      "bytes before segments",
      changed(script, (part) =>
        [MARKER.DQT, MARKER.DHT].includes(markerOf(part) as 0xc4)
          ? [Uint8Array.of(1, 0xff, 0, 2), part]
          : [part],
      ),
    ],
  ])("%s", async (_name, file) => {
    await expectSame(file, writeJpeg(script));
  });
});

describe("other flaws that harm nothing", () => {
  test("scan parameters as Samsung writes them", async () => {
    for (const name of ["baseline", "with restarts", "a scan for each component"]) {
      const script = SCRIPTS[name] as JpegScript;
      const wanted = await decoder.decode(writeJpeg(script));
      await expectSame(changed(script, edited(MARKER.SOS, -2, 0)), wanted);
      await expectSame(changed(script, edited(MARKER.SOS, -3, 9, 9, 0x31)), wanted);
    }
  });

  test.each([2, 3, 255])("Adobe's transform %i of three components", async (transform) => {
    const script = { ...SIZE, sampling: COLOUR, before: [adobe(transform)] };
    const plain = { ...script, before: [] };
    await expectSame(writeJpeg(script), writeJpeg(plain));
  });

  test("no Huffman tables, as in a frame of Motion JPEG; nor an end", async () => {
    const flat = jpegParts({ width: 16, height: 8, sampling: [[1, 1]] }).filter(
      (part) => !isData(part) && markerOf(part) !== MARKER.DHT && markerOf(part) !== MARKER.EOI,
    );
    // Twice: a difference of 0 (00), end of block (1010).
    const { data } = await decoder.decode(concatenate([...flat, Uint8Array.of(0x28, 0xaf)]));
    expect(new Set(data)).toEqual(new Set([128, 255]));
  });

  test("comments, unknown segments and fill bytes anywhere give the same pixels", async () => {
    const extra = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => segment(MARKER.COM, ...bytes)),
      fc
        .tuple(fc.integer({ min: 2, max: 13 }), fc.uint8Array({ maxLength: 40 }))
        .map(([n, bytes]) => segment(MARKER.APP0 + n, ...bytes)),
      fc.integer({ min: 2, max: 5 }).map((count) => new Uint8Array(count).fill(0xff)),
    );
    await fc.assert(
      fc.asyncProperty(
        scripts,
        fc.array(fc.tuple(fc.nat(), extra), { minLength: 1, maxLength: 6 }),
        async (script, extras) => {
          const parts = jpegParts(script);
          const wanted = await decoder.decode(concatenate(parts));
          // Before any part but data, which begin right after their header; before RST only fill bytes.
          const changed = parts.flatMap((part, i) => {
            if (i === 0 || isData(part)) return [part];
            const here = extras.filter(([place]) => place % 4 === i % 4).map(([, bytes]) => bytes);
            return [...here.filter((bytes) => !isRestart(part) || bytes[1] === 0xff), part];
          });
          await expectSame(concatenate(changed), wanted);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("how often it restarts makes no difference", async () => {
    for (const name of ["baseline", "progressive", "a scan for each component"]) {
      const { interval: _, ...script } = SCRIPTS[name] as JpegScript;
      const wanted = await decoder.decode(writeJpeg(script));
      for (const interval of [1, 2, 7, 9, 1000]) {
        await expectSame(writeJpeg({ ...script, interval }), wanted);
      }
    }
  });
});

describe("restarts with other numbers", () => {
  const script = SCRIPTS["with restarts"] as JpegScript;
  const moved = (by: number) => {
    let count = 0;
    return changed(script, (part) => {
      if (!isRestart(part)) return [part];
      count += 1;
      const number = ((part[1] as number) & 7) + (count === 4 ? by : 0);
      return [Uint8Array.of(0xff, MARKER.RST0 + (number & 7))];
    });
  };

  test.each([3, 4, 5])("%i further: taken for the right one, as libjpeg does", async (by) => {
    await expectSame(moved(by), writeJpeg(script));
  });

  test.each([1, 2, 6, 7])("%i further: an interval may be missing", async (by) => {
    await expect(decoder.decode(moved(by))).rejects.toMatchObject({ code: "image_undecodable" });
  });
});
