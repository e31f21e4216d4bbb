import { expect } from "vitest";
import { MARKER } from "../src/codec/jpeg/markers.ts";
import { nodeDecoder } from "../src/codec/node.ts";
import type { Pixels } from "../src/codec/types.ts";
import { concatenate, type JpegScript, jpegParts, USUAL_SCRIPT } from "./jpeg-writer.ts";

export const decoder = nodeDecoder();
export const SIZE = { width: 77, height: 53 };
export const COLOUR = [
  [2, 2],
  [1, 1],
  [1, 1],
] as const;
export const END = Uint8Array.of(0xff, MARKER.EOI);

export const SCRIPTS: Readonly<Record<string, JpegScript>> = {
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

export const markerOf = (part: Uint8Array) => (part[0] === 0xff ? (part[1] as number) : 0);
export const isData = (part: Uint8Array) => part[0] !== 0xff || part[1] === 0;
export const isRestart = (part: Uint8Array) => (markerOf(part) & 0xf8) === MARKER.RST0;

/** The file with some parts changed. */
export function changed(script: JpegScript, change: (part: Uint8Array) => readonly Uint8Array[]) {
  return concatenate(jpegParts(script).flatMap(change));
}

/** Changes bytes of the segments with that marker, from `at` on; negative: counted from their end. */
export const edited = (marker: number, at: number, ...values: number[]) => {
  return (part: Uint8Array): Uint8Array[] => {
    if (markerOf(part) !== marker) return [part];
    const copy = part.slice();
    copy.set(values, at < 0 ? copy.length + at : at);
    return [copy];
  };
};

/** Whether two files have the same pixels, told without a list of all that differ. */
export async function expectSame(file: Uint8Array, wanted: Uint8Array | Pixels): Promise<void> {
  const pixels = wanted instanceof Uint8Array ? await decoder.decode(wanted) : wanted;
  const { width, height, data } = await decoder.decode(file);
  expect([width, height]).toEqual([pixels.width, pixels.height]);
  expect(Buffer.compare(Buffer.from(data), Buffer.from(pixels.data))).toBe(0);
}
