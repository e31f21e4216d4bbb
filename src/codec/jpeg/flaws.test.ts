import { readFileSync } from "node:fs";
import decodeMozjpeg, { init } from "@jsquash/jpeg/decode.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  adobe,
  concatenate,
  type JpegScript,
  jpegParts,
  segment,
  USUAL_SCRIPT,
  writeJpeg,
} from "../../../test/jpeg-writer.ts";
import { nodeDecoder } from "../node.ts";
import type { Pixels } from "../types.ts";
import { MARKER } from "./markers.ts";

const decoder = nodeDecoder();
const SIZE = { width: 77, height: 53 };
const COLOUR = [
  [2, 2],
  [1, 1],
  [1, 1],
] as const;
const END = Uint8Array.of(0xff, MARKER.EOI);

const SCRIPTS: Readonly<Record<string, JpegScript>> = {
  baseline: { ...SIZE, sampling: COLOUR },
  "with restarts": { ...SIZE, sampling: COLOUR, interval: 3 },
  "a scan for each component": {
    ...{ ...SIZE, sampling: COLOUR, interval: 4 },
    scans: [0, 1, 2].map((index) => ({ components: [index] })),
  },
  progressive: { ...SIZE, sampling: COLOUR, progressive: true, scans: USUAL_SCRIPT },
  "progressive with restarts": {
    ...{ ...SIZE, sampling: COLOUR, progressive: true, scans: USUAL_SCRIPT, interval: 5 },
  },
};
const scripts = fc.constantFrom(...Object.values(SCRIPTS));

const markerOf = (part: Uint8Array) => (part[0] === 0xff ? (part[1] as number) : 0);
const isData = (part: Uint8Array) => part[0] !== 0xff || part[1] === 0;
const isRestart = (part: Uint8Array) => (markerOf(part) & 0xf8) === MARKER.RST0;

/** The file with some parts changed. */
function changed(script: JpegScript, change: (part: Uint8Array) => readonly Uint8Array[]) {
  return concatenate(jpegParts(script).flatMap(change));
}

const edited = (marker: number, at: number, ...values: number[]) => {
  return (part: Uint8Array): Uint8Array[] => {
    if (markerOf(part) !== marker) return [part];
    const copy = part.slice();
    copy.set(values, at < 0 ? copy.length + at : at);
    return [copy];
  };
};

/** Whether two files have the same pixels, told without a list of all that differ. */
async function expectSame(file: Uint8Array, wanted: Uint8Array | Pixels): Promise<void> {
  const pixels = wanted instanceof Uint8Array ? await decoder.decode(wanted) : wanted;
  const { width, height, data } = await decoder.decode(file);
  expect([width, height]).toEqual([pixels.width, pixels.height]);
  expect(Buffer.compare(Buffer.from(data), Buffer.from(pixels.data))).toBe(0);
}

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
