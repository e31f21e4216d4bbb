import { type Box, binaryRows } from "../mask.ts";
import { type MaskOptions, type PausableOptions, prepared } from "./options.ts";
import { type PausableWork, runInPieces } from "./paced.ts";
import type { MaskRecord } from "./record.ts";

/** A mask in COCO's compressed form, as pycocotools reads it. */
export interface CocoRle {
  /** `[height, width]` in pixels. */
  readonly size: readonly [number, number];
  readonly counts: string;
}

/**
 * The mask at the threshold, run-length encoded down the columns: lengths of runs of 0 and 1 by
 * turns, beginning with 0 (cocoapi, common/maskApi.c).
 */
export async function maskRle(record: MaskRecord, options?: PausableOptions): Promise<CocoRle> {
  const { width, height, logits, level } = prepared(record, options);
  const rows = binaryRows(logits, width, height, level);
  return runInPieces(encodeRle(rows, width, height), options?.pause);
}

function* encodeRle(
  rows: Iterable<Uint8Array>,
  width: number,
  height: number,
): PausableWork<CocoRle> {
  const places = yield* changes(rows, width, height);
  const runs = runsBetween(places, width * height);
  yield places.length;
  return { size: [height, width], counts: packed(runs) };
}

function runsBetween(places: Float64Array, pixels: number): number[] {
  const runs: number[] = [];
  let start = 0;
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number;
    // The last pixel of a column and the first of the next, both 1: two changes, none in effect.
    if (place === places[i + 1]) i++;
    else {
      runs.push(place - start);
      start = place;
    }
  }
  if (start < pixels || runs.length === 0) runs.push(pixels - start);
  return runs;
}

/**
 * The mask at the threshold within a box, as lengths of runs of 0 and 1 by turns along its rows,
 * beginning with 0: the form that CVAT and Datumaro write.
 */
export function maskRowRuns(
  record: MaskRecord,
  [left, top, across, down]: Box,
  options?: MaskOptions,
): number[] {
  const { width, height, logits, level } = prepared(record, options);
  const runs = [0];
  let value = 0;
  let y = -top;
  for (const row of binaryRows(logits, width, height, level)) {
    if (y >= 0 && y < down) {
      for (let x = left; x < left + across; x++) {
        if (row[x] !== value) {
          value = 1 - value;
          runs.push(0);
        }
        runs[runs.length - 1]!++;
      }
    }
    y++;
  }
  return runs;
}

/**
 * Where the mask changes down its columns, which stand one after another, each with a 0 before and
 * after it: places in ascending order. Rows go by one at a time; only what changes is kept.
 */
function* changes(
  rows: Iterable<Uint8Array>,
  width: number,
  height: number,
): PausableWork<Float64Array> {
  let xs = new Uint16Array(1024);
  let ys = new Uint16Array(1024);
  let used = 0;
  const perColumn = new Uint32Array(width + 1);
  const above = new Uint8Array(width);
  const compare = (row: Uint8Array, y: number) => {
    for (let x = 0; x < width; x++) {
      if (row[x] === above[x]) continue;
      if (used === xs.length) {
        xs = grown(xs);
        ys = grown(ys);
      }
      xs[used] = x;
      ys[used++] = y;
      perColumn[x + 1]!++;
    }
    above.set(row);
  };
  let y = 0;
  for (const row of rows) {
    compare(row, y++);
    yield width;
  }
  compare(new Uint8Array(width), height);
  for (let x = 0; x < width; x++) perColumn[x + 1]! += perColumn[x] as number;
  const places = new Float64Array(used);
  for (let i = 0; i < used; i++) {
    const x = xs[i] as number;
    places[perColumn[x]!++] = x * height + (ys[i] as number);
  }
  yield used;
  return places;
}

function grown(numbers: Uint16Array): Uint16Array<ArrayBuffer> {
  const larger = new Uint16Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}

/** `rleToString` of maskApi.c: from the fourth on, a run is written as its difference to the one two before. */
function packed(runs: readonly number[]): string {
  // A number of up to 33 bits has at most seven characters.
  const text = new Uint8Array(7 * runs.length);
  let used = 0;
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i] as number;
    let value = i > 2 ? run - (runs[i - 2] as number) : run;
    for (let more = true; more; ) {
      const low = value & 31;
      value >>= 5;
      more = (low & 16) !== 0 ? value !== -1 : value !== 0;
      text[used++] = (more ? low | 32 : low) + 48;
    }
  }
  return new TextDecoder().decode(text.subarray(0, used));
}
