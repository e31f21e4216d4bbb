/** What one photograph costs in this isolate, in milliseconds, as `bench/engine/stages.ts` measures it. */
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
 * What models cost, measured with `bench/engine/stages.ts` on photographs of 1200 x 833, on one thread of a
 * 2.x GHz server core. A model that is not listed is taken to be as costly as the costliest.
 */
const COSTS: Readonly<Record<string, ImageCost>> = {
  "cosal-lite": { encode: 150, decode: 40 },
};

export function costOf(model: string): ImageCost {
  const all = Object.values(COSTS);
  return COSTS[model] ?? all.reduce((a, b) => (a.encode + a.decode > b.encode + b.decode ? a : b));
}
