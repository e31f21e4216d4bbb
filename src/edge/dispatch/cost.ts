/** What one photograph costs in this isolate, in milliseconds. */
export interface ImageCost {
  /** Decoding, resizing and encoding it: nothing when its features are known. */
  readonly encode: number;
  /** Its part in the consensus, and its mask. */
  readonly decode: number;
}

/**
 * Milliseconds that a group would take in WebAssembly, on one thread. A Worker's clock stands still
 * while it computes, so this is an estimate from measured costs and never a measurement.
 *
 * @param images how many there are
 * @param known how many of them have their features in a cache
 */
export function estimate(images: number, known: number, { encode, decode }: ImageCost): number {
  return (images - known) * encode + images * decode;
}

/**
 * What a photograph costs with cosal-lite at 256 x 256: processor time of one thread of a server's
 * Xeon, JPEG photographs of 1200 x 833 (`bench/engine/stages.ts`). Decoding one and resizing it takes
 * 10 ms whatever the network's size.
 */
const MEASURED = { pixels: 256 * 256, read: 10, encode: 60, decode: 22 };

/** The cost with a network whose input has that size: its work grows with the pixels it sees. */
export function costOf({ width, height }: { readonly width: number; readonly height: number }) {
  const share = (width * height) / MEASURED.pixels;
  return {
    encode: MEASURED.read + share * MEASURED.encode,
    decode: share * MEASURED.decode,
  } satisfies ImageCost;
}
