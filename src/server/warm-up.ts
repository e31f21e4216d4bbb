import { encodeGreyPng } from "../codec/index.ts";
import type { Segmenter } from "../engine/index.ts";

const SIDE = 16;

/**
 * Computes a small group with and without seeds, so that every graph is loaded before the first request.
 * An error here would occur for every caller.
 *
 * @throws CosalError model_invalid, backend_unavailable
 */
export async function warmUp(segmenter: Segmenter): Promise<void> {
  const images = await Promise.all(
    [60, 200].map(async (grey) => ({ id: String(grey), bytes: await square(grey) })),
  );
  const hasSeeds = segmenter.manifest.graphs.seed !== undefined;
  const seeds = [{ image: 0, point: [SIDE / 2, SIDE / 2] as const }];
  for (const options of hasSeeds ? [{}, { seeds }] : [{}]) {
    await Array.fromAsync(segmenter.segment(images, options));
  }
}

function square(grey: number): Promise<Uint8Array> {
  const row = new Uint8Array(SIDE).fill(grey);
  return encodeGreyPng(SIDE, SIDE, Array(SIDE).fill(row));
}
