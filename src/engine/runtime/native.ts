import { loadOptional } from "../../optional-package.ts";
import { onnxRuntime } from "./onnx.ts";
import type { Runtime } from "./runtime.ts";

export interface NativeOptions {
  /** Threads for one graph run; defaults to the number of cores. */
  readonly threads?: number;
}

/**
 * onnxruntime-node (an optional package) on the processor: several times faster than WASM. A run
 * blocks the event loop, so a server puts it into a separate process.
 *
 * @throws CosalError backend_unavailable if it is not installed, or has no binary for this machine
 */
export async function nativeRuntime({ threads = 0 }: NativeOptions = {}): Promise<Runtime> {
  const ort = await loadOptional("onnxruntime-node", () => import("onnxruntime-node"));
  ort.env.logLevel = "error";
  return onnxRuntime(ort, { executionProviders: ["cpu"], intraOpNumThreads: threads });
}
