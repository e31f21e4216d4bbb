import jpeg from "@cwasm/jpeg-turbo/jpeg-turbo.wasm";
import avif from "@jsquash/avif/codec/dec/avif_dec.wasm";
import webp from "@jsquash/webp/codec/dec/webp_dec.wasm";
import webpEncoder from "@jsquash/webp/codec/enc/webp_enc_simd.wasm";
import { createDecoder } from "./decoder.ts";
import { WORKER_DECODER_HEAP, WORKER_ENCODER_HEAP } from "./limits.ts";
import { createWebpEncoder, type WebpEncoder } from "./output/webp/encoder.ts";
import type { Decoder } from "./types.ts";

/**
 * The decoder in a Worker, where `.wasm` imports are compiled modules.
 *
 * @param elsewhere whether there are GPU servers, which may decode files that this decoder does not
 */
export function workerdDecoder(elsewhere = false): Decoder {
  return createDecoder(
    {
      "image/jpeg": async () => jpeg,
      "image/webp": async () => webp,
      "image/avif": async () => avif,
    },
    WORKER_DECODER_HEAP,
    elsewhere,
  );
}

/** The WebP encoder in a Worker. */
export function workerdWebpEncoder(): WebpEncoder {
  return createWebpEncoder(async () => webpEncoder, WORKER_ENCODER_HEAP);
}
