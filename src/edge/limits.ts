import { type Limits, MAX_MEMORY_BYTES } from "../app/index.ts";
import { MAX_BYTES, MAX_SIDE, pixelLimits, WORKER_DECODER_HEAP } from "../codec/index.ts";
import { MAX_GROUP } from "../engine/index.ts";

/** Cloudflare's limit for request bodies on its smaller plans. */
const MAX_BODY_BYTES = 100 * 1024 * 1024;

/**
 * The largest request and a smaller one, beside the network and a decoder at work. One network alone
 * holds no more than half of it with several requests.
 */
const SHARED_MEMORY_BYTES = 32 * 1024 * 1024;

/** Two phone photographs. With a third that is arriving, they fit into `MAX_MEMORY_BYTES`. */
const SPOOL_BYTES = MAX_MEMORY_BYTES - MAX_BYTES;

/** Cut-outs and overlays of a 12-megapixel photograph, and a little more. */
const RENDERED_PIXELS = 15_000_000;

/**
 * 25 photographs of 12 megapixels. PNGs of their masks take 3 to 10 s of the 30 s of CPU time that a
 * request has (`npm run bench:codec:pieces`).
 */
const RESPONSE_PIXELS = 300_000_000;

/**
 * 64 photographs of 12 megapixels. Decoding at reduced scale takes about 10 s and the network at
 * 320 x 320 takes 9 s. By default, a request has 30 s of CPU time.
 */
const TOTAL_PIXELS = 800_000_000;

const BACKEND = { images: MAX_GROUP, pixels: MAX_SIDE * MAX_SIDE, totalPixels: TOTAL_PIXELS };

/** The limits of a Worker. Its isolate reads every photograph's header, also for a GPU server. */
export function edgeLimits(has: { readonly gpu: boolean; readonly bucket: boolean }): Limits {
  return {
    bodyBytes: has.bucket ? MAX_BODY_BYTES : MAX_MEMORY_BYTES,
    memoryBytes: MAX_MEMORY_BYTES,
    sharedMemoryBytes: SHARED_MEMORY_BYTES,
    spoolBytes: SPOOL_BYTES,
    imageBytes: MAX_BYTES,
    images: MAX_GROUP,
    seconds: 60,
    imagePixels: pixelLimits(WORKER_DECODER_HEAP),
    renderedPixels: RENDERED_PIXELS,
    responsePixels: RESPONSE_PIXELS,
    synchronousImages: MAX_GROUP / 2,
    backends: { wasm: BACKEND, ...(has.gpu && { gpu: BACKEND }) },
  };
}
