import { CosalError } from "../../errors.ts";
import { onnxRuntime } from "./onnx.ts";
import type { Runtime } from "./runtime.ts";

export interface NativeOptions {
  /** Threads for one graph run; defaults to the number of cores. */
  readonly threads?: number;
}

/**
 * onnxruntime-node (an optional dependency) on the processor: several times faster than WASM. A run
 * blocks the event loop, so a server puts it into a separate process.
 *
 * @throws CosalError backend_unavailable if the package has no binary for this machine
 */
export async function nativeRuntime({ threads = 0 }: NativeOptions = {}): Promise<Runtime> {
  try {
    const ort = await import("onnxruntime-node");
    ort.env.logLevel = "error";
    return onnxRuntime(ort, { executionProviders: ["cpu"], intraOpNumThreads: threads });
  } catch (cause) {
    throw new CosalError(
      "backend_unavailable",
      "onnxruntime-node cannot be loaded on this machine.",
      { cause },
    );
  }
}
