import { CosalError } from "../../errors.ts";
import { onnxRuntime } from "./onnx.ts";
import type { Runtime } from "./runtime.ts";

export interface NativeOptions {
  /** Threads of one graph run; by default as many as there are cores. */
  readonly threads?: number;
}

/**
 * onnxruntime-node (an optional dependency) on the processor: several times faster than WASM. A run
 * blocks the event loop, so a server gives it a process of its own.
 *
 * @throws CosalError backend_unavailable when the package has no binary for this machine
 */
export async function nativeRuntime({ threads = 0 }: NativeOptions = {}): Promise<Runtime> {
  try {
    const ort = await import("onnxruntime-node");
    ort.env.logLevel = "error";
    return onnxRuntime(ort, { executionProviders: ["cpu"], intraOpNumThreads: threads });
  } catch (cause) {
    throw new CosalError("backend_unavailable", "onnxruntime-node does not load here.", { cause });
  }
}
