import { crc32 } from "../../crc32.ts";
import type { Rows } from "../paced.ts";
import { joined, zlibDeflated } from "../streams.ts";
import { RunLengthZlib, type WordBuffer } from "./zlib.ts";

/** PNG third edition, 11.2.1: colour type, bits of a sample, samples of a pixel. */
const LAYOUTS = {
  binary: { colour: 0, depth: 1, samples: 1 },
  grey: { colour: 0, depth: 8, samples: 1 },
  rgb: { colour: 2, depth: 8, samples: 3 },
  rgba: { colour: 6, depth: 8, samples: 4 },
} as const;

export type PngLayout = keyof typeof LAYOUTS;

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const UP = 2;
const PAETH = 4;
/** Compressed bytes of a chunk, about. */
const PIECE = 64 * 1024;

/**
 * A PNG of rows that are made as they are needed, so that the whole picture never lies in memory,
 * only its compressed form. Rows of masks are subtracted from the one above, rows of photographs
 * from Paeth's prediction.
 *
 * @param rows `height` rows, the samples of a pixel together, `binary` packed to bits from the
 * highest; a row may be overwritten once the next is asked for
 * @param profile an ICC profile of the layout's colour space
 */
export async function encodePng(
  width: number,
  height: number,
  layout: PngLayout,
  rows: Rows,
  profile?: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { colour, depth, samples } = LAYOUTS[layout];
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, colour], 8);
  const parts = [Uint8Array.from(SIGNATURE), chunk("IHDR", header)];
  if (profile !== undefined) parts.push(chunk("iCCP", await iccp(profile)));

  const length = Math.ceil((width * samples * depth) / 8);
  const photograph = samples > 1;
  const filtered = new FilteredRow(length, photograph ? PAETH : UP);
  let above = new Row(length);
  let here = new Row(length);
  const stream = new RunLengthZlib();
  const add = (row: Uint8Array) => {
    here.bytes.set(row);
    if (photograph) paeth(here.bytes, above.bytes, samples, filtered.samples);
    else up(here.words, above.words, filtered.sampleWords);
    stream.push(filtered);
    [above, here] = [here, above];
    if (stream.size >= PIECE) parts.push(chunk("IDAT", stream.take()));
  };
  // A wait for each row would take longer than most rows.
  if (Symbol.iterator in rows) for (const row of rows) add(row);
  else for await (const row of rows) add(row);
  stream.finish();
  parts.push(chunk("IDAT", stream.take()));
  parts.push(chunk("IEND", new Uint8Array()));
  return joined(parts);
}

/** Samples of a row; the last word is filled up with zeros. */
class Row {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;

  constructor(length: number) {
    this.words = new Int32Array(Math.ceil(length / 4));
    this.bytes = new Uint8Array(this.words.buffer, 0, length);
  }
}

/** The filter's byte and the filtered samples, which begin with a word. */
class FilteredRow implements WordBuffer {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly start = 3;
  readonly end: number;
  readonly samples: Uint8Array;
  readonly sampleWords: Int32Array;

  constructor(length: number, filter: number) {
    this.words = new Int32Array(1 + Math.ceil(length / 4));
    this.bytes = new Uint8Array(this.words.buffer);
    this.bytes[this.start] = filter;
    this.end = 4 + length;
    this.samples = this.bytes.subarray(4, this.end);
    this.sampleWords = this.words.subarray(1);
  }
}

/** Four bytes at a time: the difference of each without a borrow from the next. */
function up(here: Int32Array, above: Int32Array, filtered: Int32Array): void {
  for (let i = 0; i < here.length; i++) {
    const a = here[i] as number;
    const b = above[i] as number;
    filtered[i] = (((a | -0x7f7f7f80) - (b & 0x7f7f7f7f)) | 0) ^ ((a ^ ~b) & -0x7f7f7f80);
  }
}

function paeth(here: Uint8Array, above: Uint8Array, samples: number, filtered: Uint8Array): void {
  for (let i = 0; i < samples; i++) filtered[i] = (here[i] as number) - (above[i] as number);
  for (let i = samples; i < here.length; i++) {
    const left = here[i - samples] as number;
    const top = above[i] as number;
    const corner = above[i - samples] as number;
    const toLeft = Math.abs(top - corner);
    const toTop = Math.abs(left - corner);
    const toCorner = Math.abs(left + top - 2 * corner);
    const nearest = toLeft <= toTop && toLeft <= toCorner ? left : toTop <= toCorner ? top : corner;
    filtered[i] = (here[i] as number) - nearest;
  }
}

/** A name, its zero, the method, and a zlib stream (PNG third edition, 11.3.2.3). */
async function iccp(profile: Uint8Array): Promise<Uint8Array> {
  const name = new TextEncoder().encode("ICC profile\0\0");
  return joined([name, await zlibDeflated(profile.slice())]);
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}
