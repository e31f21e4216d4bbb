import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import * as ort from "onnxruntime-web/wasm";
import { growTightly } from "./heap.ts";
import type { Runtime } from "./runtime.ts";
import { webRuntime } from "./web.ts";

/**
 * onnxruntime-web (WASM SIMD, one thread) in a Worker.
 *
 * Workers cannot compile WebAssembly; they can only instantiate modules that were compiled at
 * deployment (https://developers.cloudflare.com/workers/runtime-apis/webassembly/). onnxruntime-web
 * 1.30.0 has no option for that: it passes its bytes to WebAssembly.instantiate. So it is given
 * dummy bytes (which also keep it from looking for a file next to `import.meta.url`, empty here),
 * and `instantiate` is replaced while its first session opens.
 */
export function workerdRuntime(): Runtime {
  ort.env.wasm.wasmBinary = DUMMY_BINARY;
  ort.env.wasm.numThreads = 1; // there is no Worker to put a second thread in
  ort.env.logLevel = "error";
  return webRuntime(
    {
      Tensor: ort.Tensor,
      InferenceSession: {
        create: (graph, options) => withModule(() => ort.InferenceSession.create(graph, options)),
      },
    },
    ["wasm"],
  );
}

const DUMMY_BINARY = new Uint8Array([0]).buffer;

/** Other callers of `instantiate` are not affected: only the dummy is replaced by our module. */
async function withModule<T>(open: () => Promise<T>): Promise<T> {
  const original = WebAssembly.instantiate;
  const replaced = async (source: unknown, imports: WebAssembly.Imports) => {
    if (!isDummy(source)) return original(source as BufferSource, imports);
    growTightly(imports);
    // Synchronous, so that no request can be dropped before the runtime is loaded.
    return { module: wasm, instance: new WebAssembly.Instance(wasm, imports) };
  };
  WebAssembly.instantiate = replaced as typeof WebAssembly.instantiate;
  try {
    return await open();
  } finally {
    WebAssembly.instantiate = original;
  }
}

function isDummy(source: unknown): boolean {
  const buffer = ArrayBuffer.isView(source) ? source.buffer : source;
  return buffer instanceof ArrayBuffer && buffer.byteLength === DUMMY_BINARY.byteLength;
}
