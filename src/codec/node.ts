import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createDecoder } from "./decoder.ts";
import { NODE_DECODER_HEAP, NODE_ENCODER_HEAP } from "./limits.ts";
import { createWebpEncoder, type WebpEncoder } from "./output/webp/encoder.ts";
import type { Decoder } from "./types.ts";
import type { LibheifModule } from "./wasm/heic.ts";

const require = createRequire(import.meta.url);

/**
 * The decoder in Node. It compiles each module from its package on first use. It decodes HEIC if the
 * optional package libheif-js is installed.
 */
export function nodeDecoder(heap: number = NODE_DECODER_HEAP): Decoder {
  return createDecoder(
    {
      "image/jpeg": compiled("@cwasm/jpeg-turbo/jpeg-turbo.wasm"),
      "image/webp": compiled("@jsquash/webp/codec/dec/webp_dec.wasm"),
      "image/avif": compiled("@jsquash/avif/codec/dec/avif_dec.wasm"),
      "image/heic": libheif(),
    },
    heap,
  );
}

/** The WebP encoder in Node. */
export function nodeWebpEncoder(heap: number = NODE_ENCODER_HEAP): WebpEncoder {
  return createWebpEncoder(compiled("@jsquash/webp/codec/enc/webp_enc_simd.wasm"), heap);
}

/** Undefined if the package is not installed. */
function libheif(): (() => Promise<LibheifModule>) | undefined {
  try {
    const glue = require.resolve("libheif-js/libheif-wasm/libheif.js");
    const wasm = compiled("libheif-js/libheif-wasm/libheif.wasm");
    return async () => ({ wasm: await wasm(), factory: require(glue) });
  } catch {
    return undefined;
  }
}

function compiled(specifier: string): () => Promise<WebAssembly.Module> {
  let module: Promise<WebAssembly.Module> | undefined;
  return () => {
    module ??= readFile(new URL(import.meta.resolve(specifier))).then(WebAssembly.compile);
    return module;
  };
}
