/** What one photograph costs in this isolate, in milliseconds, as `bench/stages.ts` measures it. */
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
