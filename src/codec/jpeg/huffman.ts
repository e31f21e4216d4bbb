import { broken } from "../header/bytes.ts";

const LOOKUP_BITS = 9;
const MOST_BITS = 16;

/** A Huffman table, for decoding (ITU-T T.81, C and F.2.2.3). */
export interface HuffmanTable {
  /** For each `LOOKUP_BITS` bits to come: `length << 8 | symbol`, or 0 where the code is longer. */
  readonly lookup: Uint16Array;
  /** For each length, the first code that is longer; aligned to 16 bits. */
  readonly ends: Int32Array;
  /** For each length, what is added to a code of it for its place in `symbols`. */
  readonly offsets: Int32Array;
  readonly symbols: Uint8Array;
}

/** A table as files hold it: how many codes there are of each length from 1 to 16, and symbols. */
export interface TableContent {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

/** @throws CosalError image_undecodable */
export function huffmanTable({ counts, symbols }: TableContent): HuffmanTable {
  const lookup = new Uint16Array(1 << LOOKUP_BITS);
  const ends = new Int32Array(MOST_BITS + 1);
  const offsets = new Int32Array(MOST_BITS + 1);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= MOST_BITS; length++) {
    const count = counts[length - 1] as number;
    offsets[length] = place - code;
    if (length <= LOOKUP_BITS) {
      const width = 1 << (LOOKUP_BITS - length);
      for (let i = 0; i < count; i++) {
        const entry = (length << 8) | (symbols[place + i] as number);
        lookup.fill(entry, (code + i) * width, (code + i + 1) * width);
      }
    }
    place += count;
    code += count;
    if (code > 1 << length) throw broken("JPEG", "a Huffman table has too many codes");
    ends[length] = code << (MOST_BITS - length);
    code <<= 1;
  }
  return { lookup, ends, offsets, symbols };
}

/** Entropy-coded data as bits, to the next marker (ITU-T T.81, F.2.2.5). */
export class BitReader {
  private readonly bytes: Uint8Array;
  private readonly end: number;
  private offset: number;
  /** The bits read ahead are its lowest `count`. */
  private bits = 0;
  private count = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.offset = start;
    this.end = end;
  }

  /** @returns a symbol of the table */
  symbol({ lookup, ends, offsets, symbols }: HuffmanTable): number {
    if (this.count < MOST_BITS) this.fill();
    const next =
      (this.count >= MOST_BITS
        ? this.bits >>> (this.count - MOST_BITS)
        : this.bits << (MOST_BITS - this.count)) & 0xffff;
    const entry = lookup[next >>> (MOST_BITS - LOOKUP_BITS)] as number;
    if (entry !== 0) {
      this.use(entry >>> 8);
      return entry & 0xff;
    }
    for (let length = LOOKUP_BITS + 1; length <= MOST_BITS; length++) {
      if (next >= (ends[length] as number)) continue;
      this.use(length);
      return symbols[(next >>> (MOST_BITS - length)) + (offsets[length] as number)] as number;
    }
    throw broken("JPEG", "its data hold a code that no table has");
  }

  /** @param length of the number in bits, 0 to 16 */
  number(length: number): number {
    if (length === 0) return 0;
    if (this.count < length) this.fill();
    this.use(length);
    return (this.bits >>> this.count) & ((1 << length) - 1);
  }

  /** A number and its sign, as coefficients are stored (ITU-T T.81, F.2.2.1, EXTEND). */
  signed(length: number): number {
    const value = this.number(length);
    return length === 0 || value >>> (length - 1) === 1 ? value : value - (1 << length) + 1;
  }

  /**
   * Goes on after the next marker, which has to be a restart. Bytes without meaning may stand before
   * it: some cameras fill up their files so.
   *
   * @param number 0 to 7. Another is taken too when it is so far off that libjpeg takes it for this
   * one (`jpeg_resync_to_restart`); what is nearer stands for an interval that is missing, or twice.
   */
  restart(number: number): void {
    const { bytes, end } = this;
    let at = this.offset;
    while (at < end && !isMarker(bytes, at)) at += 1;
    const off = ((bytes[at + 1] as number) - number) & 7;
    if (at >= end || [1, 2, 6, 7].includes(off)) throw missing();
    this.offset = at + 2;
    this.bits = 0;
    this.count = 0;
  }

  private use(length: number): void {
    this.count -= length;
    if (this.count < 0) throw missing();
  }

  private fill(): void {
    const { bytes, end } = this;
    while (this.count <= 24 && this.offset < end) {
      const byte = bytes[this.offset] as number;
      if (byte !== 0xff) this.offset += 1;
      else if (isMarker(bytes, this.offset)) return;
      else if (bytes[this.offset + 1] === 0) this.offset += 2;
      else {
        this.offset += 1; // a fill byte
        continue;
      }
      this.bits = (this.bits << 8) | byte;
      this.count += 8;
    }
  }
}

function isMarker(bytes: Uint8Array, offset: number): boolean {
  const next = bytes[offset + 1];
  return bytes[offset] === 0xff && next !== 0 && next !== 0xff;
}

function missing() {
  return broken("JPEG", "a part of its data is missing");
}
