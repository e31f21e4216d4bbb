import { BitWriter, packedCode } from "../bit-writer.ts";
import { packLengths } from "../code-lengths.ts";
import { type HuffmanCode, huffmanCode } from "../huffman.ts";

/** The bytes from `start` to `end` of some memory that is also seen as words of four. */
export interface WordBuffer {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly start: number;
  readonly end: number;
}

/** Tokens of a block, which has a Huffman code of its own. */
const BLOCK = 32 * 1024;
const SHORTEST_RUN = 3;
const LONGEST_RUN = 258;
const END_OF_BLOCK = 256;
const SYMBOLS = 286;

/** RFC 1951, 3.2.5: symbol, extra bits and first length of a run of each length. */
const LENGTH_SYMBOL = new Uint16Array(LONGEST_RUN + 1);
const LENGTH_EXTRA_BITS = new Uint8Array(LONGEST_RUN + 1);
const LENGTH_BASE = new Uint16Array(LONGEST_RUN + 1);
for (let symbol = 257, length = SHORTEST_RUN; symbol < 285; symbol++) {
  const extra = symbol < 265 ? 0 : (symbol - 261) >> 2;
  for (let i = 0, base = length; i < 1 << extra && length < LONGEST_RUN; i++, length++) {
    LENGTH_SYMBOL[length] = symbol;
    LENGTH_EXTRA_BITS[length] = extra;
    LENGTH_BASE[length] = base;
  }
}
LENGTH_SYMBOL[LONGEST_RUN] = 285;
LENGTH_BASE[LONGEST_RUN] = LONGEST_RUN;

/** The order in which the code lengths' own code is written (RFC 1951, 3.2.7). */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** CMF and FLG of RFC 1950: deflate, a window of 32 KiB, no preset dictionary. */
const HEADER = [0x78, 0x01];
/** Of Adler-32 (RFC 1950, 8). */
const MODULUS = 65521;

/**
 * A zlib stream (RFC 1950) whose deflate (RFC 1951) looks for one thing: runs of a byte. That is
 * what zlib calls Z_RLE, which `CompressionStream` does not offer. Filtered rows of a mask are runs of
 * zeros and a few small numbers along the outline, so this takes a small part of the time of a search
 * for matches.
 */
export class RunLengthZlib {
  private readonly bits = new BitWriter();
  /** A byte, or `END_OF_BLOCK` and the length of a run of the byte before. */
  private readonly tokens = new Uint16Array(BLOCK);
  private readonly codes = new Uint32Array(END_OF_BLOCK + LONGEST_RUN + 1);
  private readonly counts = new Uint32Array(SYMBOLS);
  private used = 0;
  /** Adler-32's two sums. */
  private low = 1;
  private high = 0;

  constructor() {
    for (const byte of HEADER) this.bits.write(byte, 8);
  }

  /** Appends what lies in a buffer up to `end`. Runs are not followed from one call to the next. */
  push({ bytes, words, start, end }: WordBuffer): void {
    const { tokens, counts } = this;
    let { used, low, high } = this;
    for (let i = start; i < end; ) {
      if (used + 2 > BLOCK) {
        this.used = used;
        this.block(false);
        used = 0;
      }
      const byte = bytes[i++] as number;
      tokens[used++] = byte;
      counts[byte]!++;
      low += byte;
      high += low;
      if (i + SHORTEST_RUN > end || !isRepeated(byte, bytes, i)) continue;
      const most = Math.min(end, i + LONGEST_RUN);
      let next = i + SHORTEST_RUN;
      if (byte === 0) {
        while ((next & 3) !== 0 && next < most && bytes[next] === 0) next++;
        if ((next & 3) === 0) while (next + 4 <= most && words[next >> 2] === 0) next += 4;
      }
      while (next < most && bytes[next] === byte) next++;
      const run = next - i;
      tokens[used++] = END_OF_BLOCK + run;
      counts[LENGTH_SYMBOL[run] as number]!++;
      high += run * low + (byte * run * (run + 1)) / 2;
      low += run * byte;
      i = next;
    }
    this.used = used;
    this.low = low % MODULUS;
    this.high = high % MODULUS;
  }

  /** Bytes that `take` has. */
  get size(): number {
    return this.bits.size;
  }

  /** What has been packed since the last call. */
  take(): Uint8Array<ArrayBuffer> {
    return this.bits.take();
  }

  /** Ends the last block and the stream. */
  finish(): void {
    const { bits, low, high } = this;
    this.block(true);
    bits.align();
    for (const byte of [high >>> 8, high & 255, low >>> 8, low & 255]) bits.write(byte, 8);
  }

  private block(last: boolean): void {
    const { bits, tokens, counts, codes } = this;
    counts[END_OF_BLOCK] = 1;
    const code = huffmanCode(counts, 15);
    bits.write(last ? 1 : 0, 1);
    bits.write(2, 2);
    writeCode(bits, code.lengths);
    for (let byte = 0; byte < END_OF_BLOCK; byte++) {
      codes[byte] = packedCode(code.bits[byte] as number, code.lengths[byte] as number);
    }
    for (let run = SHORTEST_RUN; run <= LONGEST_RUN; run++) {
      codes[END_OF_BLOCK + run] = codeOfRun(code, run);
    }
    bits.writeAll(tokens.subarray(0, this.used), codes);
    bits.write(code.bits[END_OF_BLOCK] as number, code.lengths[END_OF_BLOCK] as number);
    counts.fill(0);
    this.used = 0;
  }
}

/** In one step, which is quick where a run hardly ever begins. */
function isRepeated(byte: number, bytes: Uint8Array, i: number): boolean {
  const first = (bytes[i] as number) ^ byte;
  const second = (bytes[i + 1] as number) ^ byte;
  const third = (bytes[i + 2] as number) ^ byte;
  return (first | second | third) === 0;
}

/** The symbol, its extra bits, and a bit for the distance 1, whose code is the only one. */
function codeOfRun({ bits, lengths }: HuffmanCode, run: number): number {
  const symbol = LENGTH_SYMBOL[run] as number;
  const length = lengths[symbol] as number;
  const extra = (run - (LENGTH_BASE[run] as number)) << length;
  return packedCode(
    (bits[symbol] as number) | extra,
    length + (LENGTH_EXTRA_BITS[run] as number) + 1,
  );
}

/** A dynamic block's header (RFC 1951, 3.2.7): the lengths of both codes, themselves packed. */
function writeCode(bits: BitWriter, lengths: Uint8Array): void {
  const { code, symbols } = packLengths(Uint8Array.of(...lengths, 1));
  let sent = ORDER.length;
  while (sent > 4 && code.lengths[ORDER[sent - 1] as number] === 0) sent--;
  bits.write(lengths.length - 257, 5);
  bits.write(0, 5);
  bits.write(sent - 4, 4);
  for (const symbol of ORDER.slice(0, sent)) bits.write(code.lengths[symbol] as number, 3);
  for (const { symbol, extra, extraBits } of symbols) {
    bits.write(code.bits[symbol] as number, code.lengths[symbol] as number);
    if (extraBits > 0) bits.write(extra, extraBits);
  }
}
