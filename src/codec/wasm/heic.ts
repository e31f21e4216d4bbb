import type { Pixels } from "../types.ts";
import { type EmscriptenOptions, emscriptenOptions } from "./emscripten.ts";
import type { HeapDecoder } from "./heap.ts";

/** Something of libheif's, which is of no use but to be given back to it. */
type Handle = object;

/** What it gives in place of a handle, and `code.value` 0 where nothing is wrong. */
interface HeifError {
  readonly code: { readonly value: number };
  readonly message: string;
}

/** An image in its heap. */
interface Decoded {
  readonly image: Handle;
  readonly width: number;
  readonly height: number;
  readonly channels: readonly [{ readonly stride: number; readonly data: Uint8Array }];
}

/** What is used of libheif's API for JavaScript. */
interface Libheif {
  readonly heif_colorspace: { readonly heif_colorspace_RGB: object };
  readonly heif_chroma: { readonly heif_chroma_interleaved_RGBA: object };
  heif_context_alloc(): Handle;
  heif_context_free(context: Handle): void;
  heif_context_read_from_memory(context: Handle, file: Uint8Array): HeifError;
  heif_js_context_get_primary_image_handle(context: Handle): Handle | HeifError;
  heif_image_handle_release(handle: Handle): void;
  heif_js_decode_image2(handle: Handle, space: object, chroma: object): Decoded | HeifError;
  heif_image_release(image: Handle): void;
}

/** The package libheif-js: its compiled module, and the function that makes an instance of it. */
export interface LibheifModule {
  readonly wasm: WebAssembly.Module;
  readonly factory: (options: EmscriptenOptions) => unknown;
}

/**
 * The decoder of libheif-js 1.23.2: libheif with libde265, compiled by Emscripten. It crops, turns
 * and mirrors as the file says, and puts the tiles of a grid together.
 *
 * @param heap bytes that the heap may grow to
 */
export function openHeic({ wasm, factory }: LibheifModule, heap: number): HeapDecoder {
  const { options, memory } = emscriptenOptions(wasm, heap);
  const library = factory(options) as Libheif;
  return {
    get heapBytes() {
      return memory()?.buffer.byteLength ?? 0;
    },
    decode(bytes, visit) {
      const context = library.heif_context_alloc();
      checked(library.heif_context_read_from_memory(context, bytes));
      const handle = checked(library.heif_js_context_get_primary_image_handle(context));
      const decoded = checked(
        library.heif_js_decode_image2(
          handle,
          library.heif_colorspace.heif_colorspace_RGB,
          library.heif_chroma.heif_chroma_interleaved_RGBA,
        ),
      );
      const result = visit(pixelsOf(decoded));
      library.heif_image_release(decoded.image);
      library.heif_image_handle_release(handle);
      library.heif_context_free(context);
      return result;
    },
  };
}

/** What is no error. */
function checked<T extends object>(result: T | HeifError): T {
  if ("code" in result && result.code.value !== 0) throw new Error(result.message);
  return result as T;
}

function pixelsOf({ width, height, channels: [{ stride, data }] }: Decoded): Pixels {
  if (stride === 4 * width) return { width, height, data };
  const packed = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    packed.set(data.subarray(stride * y, stride * y + 4 * width), 4 * width * y);
  }
  return { width, height, data: packed };
}
