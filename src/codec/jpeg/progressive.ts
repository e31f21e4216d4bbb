import { broken } from "../header/bytes.ts";
import type { BitReader } from "./huffman.ts";
import type { Plane } from "./plane.ts";
import { type BlockDecoder, decodeDc, needed, outside, type ScanPart } from "./sequential.ts";
import type { Scan } from "./structure.ts";

/** Some bits of some coefficients of each block (ITU-T T.81, G.1.2). */
export function progressiveDecoder(reader: BitReader, scan: Scan): BlockDecoder {
  if (scan.first === 0) return scan.high === 0 ? dcFirst(reader, scan) : dcRefinement(reader, scan);
  return scan.high === 0 ? acFirst(reader, scan) : new AcRefinement(reader, scan);
}

function dcFirst(reader: BitReader, { low }: Scan): BlockDecoder {
  return {
    restart() {},
    decode(part, block) {
      part.plane.set(block, 0, decodeDc(reader, part) << low);
      return 0;
    },
  };
}

function dcRefinement(reader: BitReader, { low }: Scan): BlockDecoder {
  return {
    restart() {},
    decode({ plane }, block) {
      if (reader.number(1) === 1 && plane.size > 0) plane.values[block * plane.size]! |= 1 << low;
      return 0;
    },
  };
}

function acFirst(reader: BitReader, { first, last, low }: Scan): BlockDecoder {
  return {
    restart() {},
    decode(part, block) {
      const { plane } = part;
      const table = needed(part.ac);
      for (let k = first; k <= last; k++) {
        const symbol = reader.symbol(table);
        const size = symbol & 15;
        const run = symbol >> 4;
        if (size === 0 && run !== 15) return (1 << run) - 1 + reader.number(run);
        k += run;
        if (size === 0) continue;
        if (k > last) throw outside();
        plane.nonzero[2 * block + (k >> 5)]! |= 1 << (k & 31);
        plane.set(block, k, reader.signed(size) << low);
      }
      return 0;
    },
  };
}

/**
 * One more bit of each coefficient that is not 0 so far, and those that become 1 or -1
 * (ITU-T T.81, G.1.2.3).
 */
class AcRefinement implements BlockDecoder {
  private readonly reader: BitReader;
  private readonly scan: Scan;
  /** Blocks to come in which nothing becomes 1 or -1. */
  private quietBlocks = 0;
  /** Bits of the scan's coefficients in `Plane.nonzero`. */
  private readonly masks: readonly [number, number];

  constructor(reader: BitReader, scan: Scan) {
    this.reader = reader;
    this.scan = scan;
    this.masks = [0, 32].map((start) => {
      let mask = 0;
      for (let k = scan.first; k <= scan.last; k++) {
        if (k >= start && k < start + 32) mask |= 1 << (k - start);
      }
      return mask;
    }) as [number, number];
  }

  restart(): void {
    this.quietBlocks = 0;
  }

  decode(part: ScanPart, block: number): number {
    const { reader } = this;
    const { first, last, low } = this.scan;
    if (this.quietBlocks > 0) {
      this.quietBlocks -= 1;
      this.refineAll(part, block, first);
      return 0;
    }
    const table = needed(part.ac);
    const isZero = this.isZero(part, block);
    for (let k = first; k <= last; k++) {
      const symbol = reader.symbol(table);
      const size = symbol & 15;
      const run = symbol >> 4;
      if (size === 0 && run !== 15) {
        this.quietBlocks = (1 << run) - 1 + reader.number(run);
        this.refineAll(part, block, k);
        return 0;
      }
      if (size > 1) throw broken("JPEG", "a coefficient is too large");
      const isPositive = size === 1 && reader.number(1) === 1;
      k = isZero ? k + run : this.refineRun(part, block, k, run);
      if (size === 0) continue;
      if (k > last) throw outside();
      part.plane.nonzero[2 * block + (k >> 5)]! |= 1 << (k & 31);
      part.plane.set(block, k, isPositive ? 1 << low : -1 << low);
    }
    return 0;
  }

  /** Whether all of the scan's coefficients are 0 so far. */
  private isZero({ plane: { nonzero } }: ScanPart, block: number): boolean {
    const [lower, upper] = this.masks;
    const some =
      ((nonzero[2 * block] as number) & lower) | ((nonzero[2 * block + 1] as number) & upper);
    return some === 0;
  }

  /** Reads a bit for each coefficient that is not 0, from `k` on to the scan's last. */
  private refineAll({ plane }: ScanPart, block: number, k: number): void {
    const [lower, upper] = this.masks;
    const { nonzero } = plane;
    let bits = (nonzero[2 * block] as number) & lower & (k < 32 ? -1 << k : 0);
    for (; bits !== 0; bits &= bits - 1) this.refine(plane, block, trailingZeros(bits));
    bits = (nonzero[2 * block + 1] as number) & upper & (k > 32 ? -1 << (k - 32) : -1);
    for (; bits !== 0; bits &= bits - 1) this.refine(plane, block, 32 + trailingZeros(bits));
  }

  /**
   * Reads a bit for each coefficient from `k` on that is not 0, and passes over as many that are.
   *
   * @returns where the next one is that is 0; after the scan's last when there is none
   */
  private refineRun({ plane }: ScanPart, block: number, k: number, zeros: number): number {
    const { last } = this.scan;
    const { nonzero } = plane;
    let at = k;
    let left = zeros;
    for (; at <= last; at++) {
      if (((nonzero[2 * block + (at >> 5)] as number) & (1 << (at & 31))) !== 0) {
        this.refine(plane, block, at);
      } else if (left === 0) break;
      else left -= 1;
    }
    return at;
  }

  private refine({ places, size, values }: Plane, block: number, k: number): void {
    if (this.reader.number(1) === 0) return;
    const place = places[k] as number;
    if (place < 0) return;
    const value = values[block * size + place] as number;
    values[block * size + place] = value + (value < 0 ? -1 << this.scan.low : 1 << this.scan.low);
  }
}

function trailingZeros(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
