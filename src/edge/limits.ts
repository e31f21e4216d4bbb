import { type Limits, MAX_BODY_BYTES } from "../app/index.ts";
import { MAX_BYTES } from "../codec/index.ts";
import { MAX_GROUP } from "../engine/index.ts";

/** A 12-megapixel photograph in any format but AVIF; see `WORKER_DECODER_HEAP`. */
const PIXELS = 15_000_000;

/**
 * 64 photographs of 12 megapixels: about 10 s of decoding at reduced scale and 9 of the network at
 * 320 x 320, of the 30 s of CPU that a request has where the deployment does not say otherwise.
 */
const TOTAL_PIXELS = 800_000_000;

const BACKEND = { images: MAX_GROUP, pixels: PIXELS, totalPixels: TOTAL_PIXELS };

/** What a Worker takes. Its isolate reads every photograph's header, whoever computes the group. */
export function edgeLimits(hasGpu: boolean): Limits {
  return {
    bodyBytes: MAX_BODY_BYTES,
    imageBytes: MAX_BYTES,
    images: MAX_GROUP,
    seconds: 60,
    renderedPixels: PIXELS,
    synchronousImages: MAX_GROUP / 2,
    backends: { wasm: BACKEND, ...(hasGpu && { gpu: BACKEND }) },
  };
}
