import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  COLOUR,
  decoder,
  END,
  edited,
  isData,
  isRestart,
  SCRIPTS,
  SIZE,
} from "../../../test/jpeg-flaws.ts";
import { concatenate, jpegParts, USUAL_SCRIPT, writeJpeg } from "../../../test/jpeg-writer.ts";
import { MARKER } from "./markers.ts";

const scripts = fc.constantFrom(...Object.values(SCRIPTS));

describe("damage", () => {
  const refused = { code: "image_undecodable" };

  /** Flaws before the damage, so that libjpeg's first warning is of something else. */
  const flaw = fc.constantFrom<(part: Uint8Array) => Uint8Array[]>(
    (part) => [part],
    (part) => (isRestart(part) ? [Uint8Array.of(1, 2, 3), part] : [part]),
    edited(MARKER.APP0, 9, 3),
  );
  /** Other bytes could not be told from data. */
  const tail = fc.constantFrom(Uint8Array.of(), END, Uint8Array.of(0xff, 0x30, 5, 0xff));

  test("a file that is cut within its data, whatever is put at its end", async () => {
    await fc.assert(
      fc.asyncProperty(scripts, flaw, tail, fc.nat(), async (script, flaw, tail, place) => {
        const parts = jpegParts(script);
        const data = [...parts.keys()].filter((i) => isData(parts[i] as Uint8Array));
        const at = data[place % data.length] as number;
        const part = parts[at] as Uint8Array;
        const before = parts.slice(0, at).flatMap(flaw);
        const file = concatenate([...before, part.subarray(0, place % part.length), tail]);
        await expect(decoder.decode(file)).rejects.toMatchObject(refused);
      }),
      { numRuns: 150 },
    );
  });

  test("a restart interval without its last bytes, or missing", async () => {
    const restarting = fc.constantFrom(
      ...Object.values(SCRIPTS).filter(({ interval }) => interval),
    );
    const kinds = fc.constantFrom("end", "data", "marker", "both" as const);
    await fc.assert(
      fc.asyncProperty(restarting, flaw, kinds, fc.nat(), async (script, flaw, kind, place) => {
        const parts = jpegParts(script);
        const restarts = [...parts.keys()].filter((i) => isRestart(parts[i] as Uint8Array));
        const at = restarts[place % restarts.length] as number;
        const data = parts[at - 1] as Uint8Array;
        const less = data.subarray(0, data.length - 1 - (place % Math.min(3, data.length)));
        const marker = parts[at] as Uint8Array;
        const left = { end: [less, marker], data: [marker], marker: [data], both: [] }[kind];
        const before = parts.slice(0, at - 1).flatMap(flaw);
        const file = concatenate([...before, ...left, ...parts.slice(at + 1)]);
        await expect(decoder.decode(file)).rejects.toMatchObject(refused);
      }),
      { numRuns: 150 },
    );
  });

  test("a component without a scan", async () => {
    const scans = [{ components: [0] }, { components: [2] }];
    const file = writeJpeg({ ...SIZE, sampling: COLOUR, scans });
    await expect(decoder.decode(file)).rejects.toMatchObject(refused);
  });

  test("a progressive image without its last scans is coarse if it says that it ends there", async () => {
    const scans = USUAL_SCRIPT.slice(0, 6);
    const script = { ...SIZE, sampling: COLOUR, progressive: true, scans };
    const file = writeJpeg(script);
    expect(await decoder.decode(file)).toMatchObject(SIZE);
    await expect(decoder.decode(file.subarray(0, -2))).rejects.toMatchObject(refused);
  });
});
