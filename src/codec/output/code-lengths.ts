import { type HuffmanCode, huffmanCode } from "./huffman.ts";

/** Code lengths of one or more codes, packed as deflate and WebP's lossless format pack them. */
export interface PackedLengths {
  /** The code of the symbols. */
  readonly code: HuffmanCode;
  /** Symbols 0 to 15 are a length; 17 and 18 are 3 to 10 and 11 to 138 zeros. */
  readonly symbols: readonly { symbol: number; extra: number; extraBits: number }[];
}

/** RFC 1951, 3.2.7; WebP Lossless Bitstream Specification, 6.2.1. */
export function packLengths(lengths: Uint8Array): PackedLengths {
  const symbols: { symbol: number; extra: number; extraBits: number }[] = [];
  for (let i = 0; i < lengths.length; ) {
    const length = lengths[i] as number;
    let run = 1;
    while (length === 0 && run < 138 && lengths[i + run] === 0) run++;
    if (run >= 11) symbols.push({ symbol: 18, extra: run - 11, extraBits: 7 });
    else if (run >= 3) symbols.push({ symbol: 17, extra: run - 3, extraBits: 3 });
    else {
      run = 1;
      symbols.push({ symbol: length, extra: 0, extraBits: 0 });
    }
    i += run;
  }
  const counts = new Uint32Array(19);
  for (const { symbol } of symbols) counts[symbol]!++;
  return { code: huffmanCode(counts, 7), symbols };
}
