import { createDecoder } from "./decoder.ts";
import { WORKER_DECODER_HEAP } from "./limits.ts";
import type { Decoder } from "./types.ts";
import type { LibheifModule } from "./wasm/heic.ts";

export interface BrowserDecoderOptions {
  /** Maximum size of a decoder's heap in bytes. It limits the size of images. */
  readonly heap?: number;
  /** Loads `libheif-js/libheif-wasm/libheif.js`. Without it, HEIC is not decoded. */
  readonly libheif?: () => Promise<{ readonly default: LibheifModule["factory"] }>;
}

/**
 * The decoder in a page or a web worker. It uses the same code as other platforms, so masks do not
 * depend on the browser's decoders. Each type's module is fetched with its first image.
 *
 * @param assets URL of the folder with `jpeg-turbo.wasm`, `webp_dec.wasm` and `avif_dec.wasm`, and
 * `libheif.wasm` for HEIC
 */
export function browserDecoder(
  assets: string,
  { heap = WORKER_DECODER_HEAP, libheif }: BrowserDecoderOptions = {},
): Decoder {
  const fetched = (file: string) => {
    let module: Promise<WebAssembly.Module> | undefined;
    return () => {
      module ??= compile(`${assets}/${file}`).catch((error) => {
        module = undefined;
        throw error;
      });
      return module;
    };
  };
  const wasm = fetched("libheif.wasm");
  return createDecoder(
    {
      "image/jpeg": fetched("jpeg-turbo.wasm"),
      "image/webp": fetched("webp_dec.wasm"),
      "image/avif": fetched("avif_dec.wasm"),
      "image/heic":
        libheif && (async () => ({ wasm: await wasm(), factory: (await libheif()).default })),
    },
    heap,
  );
}

async function compile(url: string): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
