import { webpOf } from "../../webp/chunks.ts";
import { BitWriter } from "../bit-writer.ts";
import { packLengths } from "../code-lengths.ts";
import { huffmanCode } from "../huffman.ts";
import type { PausableWork } from "../paced.ts";

const SUBTRACT_GREEN = 2;
const PREDICTOR = 0;
/** Predict a pixel from the one above it. */
const TOP = 2;
/** Blocks of 2^9 pixels, the largest, have a predictor each. */
const BLOCK_BITS = 9;
/** Literals of green, then prefixes of lengths. */
const GREEN_SYMBOLS = 256 + 24;
const LONGEST_RUN = 4096;
/** Tokens after which work may pause. */
const TOKENS_PER_PIECE = 16 * 1024;
/** The order in which the code lengths' own code is written. */
const ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/**
 * A lossless grey WebP of rows that are made as they are needed (WebP Lossless Bitstream
 * Specification; numbers of sections from there). libwebp's encoder wants the whole picture in
 * RGBA and takes about 30 bytes of heap for each pixel, 360 MB for a phone photograph's mask; this
 * one takes two for each place where the mask changes from row to row.
 *
 * @param rows `height` rows of `width` bytes; a row may be overwritten once the next is asked for
 */
export function* encodeGreyWebp(
  width: number,
  height: number,
  rows: Iterable<Uint8Array>,
): PausableWork<Uint8Array<ArrayBuffer>> {
  const tokens = yield* tokensOf(width, rows);
  const bits = new BitWriter();
  bits.write(0x2f, 8);
  bits.write(width - 1, 14);
  bits.write(height - 1, 14);
  bits.write(0, 1); // no transparency
  bits.write(0, 3);

  // 4.3: grey is green, and red and blue without green are 0. 4.1: rows minus the one above.
  bits.write(1, 1);
  bits.write(SUBTRACT_GREEN, 2);
  bits.write(1, 1);
  bits.write(PREDICTOR, 2);
  bits.write(BLOCK_BITS - 2, 3);
  bits.write(0, 1); // no colour cache in the image of predictors, whose pixels are all equal
  for (const symbol of [TOP, 0, 0, 0, 0]) writeOnly(bits, symbol);
  bits.write(0, 1); // no further transform

  bits.write(0, 1); // no colour cache
  bits.write(0, 1); // one set of codes for the whole image
  const counts = new Uint32Array(GREEN_SYMBOLS);
  for (const piece of piecesOf(tokens)) {
    for (const token of piece) counts[token > 255 ? 256 + prefixOf(token - 255).symbol : token]!++;
    yield piece.length;
  }
  const code = huffmanCode(counts, 15);
  const used = code.lengths.reduce((sum, length) => sum + (length > 0 ? 1 : 0), 0);
  if (used === 1)
    writeOnly(
      bits,
      counts.findIndex((count) => count > 0),
    );
  else writeCode(bits, code.lengths);
  for (const symbol of [0, 0, 0]) writeOnly(bits, symbol); // red, blue, alpha
  writeOnly(bits, 1); // the distance: 5.2.2, one pixel to the left
  if (used > 1) {
    for (const piece of piecesOf(tokens)) {
      for (const token of piece) {
        const { symbol, extra, extraBits } =
          token > 255 ? prefixOf(token - 255) : { symbol: token - 256, extra: 0, extraBits: 0 };
        bits.write(code.bits[256 + symbol] as number, code.lengths[256 + symbol] as number);
        if (extraBits > 0) bits.write(extra, extraBits);
      }
      yield piece.length;
    }
  }
  bits.align();
  return webpOf([{ type: "VP8L", data: bits.take() }]);
}

/** Differences to the row above as bytes, and 255 + the length of runs that go on with the last one. */
function* tokensOf(width: number, rows: Iterable<Uint8Array>): PausableWork<Uint16Array> {
  let tokens = new Uint16Array(16 * 1024);
  let used = 0;
  let last = -1;
  let run = 0;
  const endRun = () => {
    if (run > 0) tokens[used++] = 255 + run;
    run = 0;
  };
  let above: Uint8Array | undefined;
  for (const row of rows) {
    if (used + 2 * width + 1 > tokens.length) {
      const larger = new Uint16Array(2 * tokens.length + 2 * width);
      larger.set(tokens);
      tokens = larger;
    }
    for (let x = 0; x < width; x++) {
      // The first row has none above: there the pixel to the left counts, and first of all black.
      const predicted = above ? (above[x] as number) : x > 0 ? (row[x - 1] as number) : 0;
      const difference = ((row[x] as number) - predicted) & 255;
      if (difference === last && run < LONGEST_RUN) run++;
      else {
        endRun();
        tokens[used++] = difference;
        last = difference;
      }
    }
    above ??= new Uint8Array(width);
    above.set(row);
    yield width;
  }
  endRun();
  return tokens.subarray(0, used);
}

function* piecesOf(tokens: Uint16Array): Generator<Uint16Array> {
  for (let i = 0; i < tokens.length; i += TOKENS_PER_PIECE) {
    yield tokens.subarray(i, i + TOKENS_PER_PIECE);
  }
}

/** 5.2.2: a number from 1 on as a prefix and the bits after it. */
function prefixOf(number: number): { symbol: number; extra: number; extraBits: number } {
  if (number <= 4) return { symbol: number - 1, extra: 0, extraBits: 0 };
  const value = number - 1;
  const extraBits = 30 - Math.clz32(value);
  const symbol = 2 * (extraBits + 1) + ((value >> extraBits) & 1);
  return { symbol, extra: value & ((1 << extraBits) - 1), extraBits };
}

/** 6.2.1: a code of one symbol, which then takes no bits at all. */
function writeOnly(bits: BitWriter, symbol: number): void {
  bits.write(1, 1);
  bits.write(0, 1);
  if (symbol < 2) {
    bits.write(0, 1);
    bits.write(symbol, 1);
  } else {
    bits.write(1, 1);
    bits.write(symbol, 8);
  }
}

function writeCode(bits: BitWriter, lengths: Uint8Array): void {
  const { code, symbols } = packLengths(lengths);
  let sent = ORDER.length;
  while (sent > 4 && code.lengths[ORDER[sent - 1] as number] === 0) sent--;
  bits.write(0, 1);
  bits.write(sent - 4, 4);
  for (const symbol of ORDER.slice(0, sent)) bits.write(code.lengths[symbol] as number, 3);
  bits.write(0, 1); // a length for every symbol
  for (const { symbol, extra, extraBits } of symbols) {
    bits.write(code.bits[symbol] as number, code.lengths[symbol] as number);
    if (extraBits > 0) bits.write(extra, extraBits);
  }
}
