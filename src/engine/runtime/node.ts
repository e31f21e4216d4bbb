import * as ort from "./onnxruntime-wasm.ts";
import type { Runtime } from "./runtime.ts";
import { webRuntime } from "./web.ts";

/** onnxruntime-web (WASM SIMD, one thread) in Node: computes exactly what a Worker computes. */
export function nodeRuntime(): Runtime {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  return webRuntime(ort, ["wasm"]);
}
