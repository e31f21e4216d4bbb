import type { Detail } from "../../engine/index.ts";

/** What the network takes for one photograph in this isolate, in milliseconds. */
export interface ImageCost {
  /** Encoding it: nothing when its features are known. */
  readonly encode: number;
  /** Its part in the consensus, and its mask. */
  readonly decode: number;
}

/** Reading a photograph that came by its name alone: a JPEG of a megapixel. */
const USUAL_READ = 10;

/**
 * Milliseconds that a group would take in WebAssembly, on one thread. A Worker's clock stands still
 * while it computes, so this is an estimate from measured costs and never a measurement.
 *
 * @param reads for each image, what decoding it takes by its header (`ImageHeader.cost`); undefined
 * where that has not been read
 * @param known how many of them have their features in a cache
 * @param detail with "high", each is read, encoded and decoded once more
 */
export function estimate(
  reads: readonly (number | undefined)[],
  known: number,
  { encode, decode }: ImageCost,
  detail: Detail = "normal",
): number {
  const images = reads.length;
  if (images === 0) return 0;
  const read = reads.reduce<number>((sum, cost) => sum + (cost ?? USUAL_READ), 0);
  // Which of them are known is not.
  const first = ((images - known) / images) * read + (images - known) * encode + images * decode;
  return detail === "high" ? first + read + images * (encode + decode) : first;
}

/**
 * What a photograph costs with cosal-lite at 256 x 256: processor time of one thread of a server's
 * Xeon (`bench/engine/stages.ts`).
 */
const MEASURED = { pixels: 256 * 256, encode: 60, decode: 22 };

/** The cost with a network whose input has that size: its work grows with the pixels it sees. */
export function costOf({ width, height }: { readonly width: number; readonly height: number }) {
  const share = (width * height) / MEASURED.pixels;
  return {
    encode: share * MEASURED.encode,
    decode: share * MEASURED.decode,
  } satisfies ImageCost;
}
