import { broken } from "../header/bytes.ts";
import type { Component } from "./frame.ts";
import type { BitReader, HuffmanTable } from "./huffman.ts";
import type { Plane } from "./plane.ts";

/** A component in a scan. */
export interface ScanPart {
  readonly component: Component;
  readonly plane: Plane;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
  /** The DC coefficient of the block before. */
  prediction: number;
}

/** Decodes the blocks of a scan, one after the other. */
export interface BlockDecoder {
  /** At the beginning of the scan, and after each restart. */
  restart(): void;
  /**
   * @returns how many of the blocks that follow, up to the next restart, have nothing in this scan
   * and need not be decoded
   *
   * @throws CosalError image_undecodable
   */
  decode(part: ScanPart, block: number): number;
}

/** All coefficients of a block at once (ITU-T T.81, F.2.2). */
export function sequentialDecoder(reader: BitReader): BlockDecoder {
  return {
    restart() {},
    decode(part, block) {
      const { plane } = part;
      plane.set(block, 0, decodeDc(reader, part));
      const ac = needed(part.ac);
      for (let k = 1; k < 64; k++) {
        const symbol = reader.symbol(ac);
        const size = symbol & 15;
        const run = symbol >> 4;
        if (size === 0 && run !== 15) return 0;
        k += run;
        if (k > 63) throw outside();
        if (size !== 0) plane.set(block, k, reader.signed(size));
      }
      return 0;
    },
  };
}

export function decodeDc(reader: BitReader, part: ScanPart): number {
  const size = reader.symbol(needed(part.dc));
  if (size > 15) throw broken("JPEG", "a coefficient is too large");
  part.prediction += reader.signed(size);
  return part.prediction;
}

export function needed(table: HuffmanTable | undefined): HuffmanTable {
  if (!table) throw broken("JPEG", "a Huffman table is missing");
  return table;
}

export function outside() {
  return broken("JPEG", "a block has too many coefficients");
}
