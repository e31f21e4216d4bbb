import type { Env } from "onnxruntime-web";
import type { GpuRuntime } from "./gpu-runtime.ts";
import type { OnnxRuntimeModule } from "./onnx.ts";
import type { Runtime } from "./runtime.ts";
import { webRuntime } from "./web.ts";

/** onnxruntime-web's WebGPU provider, once the adapter has been looked at. */
export function gpuRuntime(
  ort: OnnxRuntimeModule & { readonly env: Env },
  adapter: string,
): GpuRuntime {
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1; // what the GPU does not take is little
  ort.env.webgpu.powerPreference = "high-performance";
  const { promise: lost, resolve } = Promise.withResolvers<string>();
  const inner = webRuntime(ort, ["webgpu"]);
  let watched = false;
  const runtime: Runtime = {
    async open(graph) {
      const session = await inner.open(graph);
      if (!watched) {
        // There is a device once there is a session.
        watched = true;
        const device = await ort.env.webgpu.device;
        device.lost.then(({ reason, message }) => resolve(message || reason));
      }
      return session;
    },
  };
  return { runtime, adapter, lost };
}
