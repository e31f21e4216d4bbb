import { CosalError } from "../../errors.ts";
import { loadOptional } from "../../optional-package.ts";
import { type AdapterSource, checkAdapter } from "./adapter.ts";
import { gpuRuntime } from "./gpu.ts";
import type { GpuRuntime } from "./gpu-runtime.ts";
import type { Runtime } from "./runtime.ts";

export interface DawnOptions {
  /** Whether a software adapter will do (SwiftShader, llvmpipe): for tests. No by default. */
  readonly software?: boolean;
}

/**
 * WebGPU in Node 24 or newer: Chromium's Dawn (npm `webgpu`) under onnxruntime-web's JSPI
 * build; both are optional packages. One per process; two processes may share a GPU.
 *
 * @throws CosalError backend_unavailable when Dawn or a fit adapter is missing
 */
export async function dawnRuntime({ software = false }: DawnOptions = {}): Promise<GpuRuntime> {
  const gpu = await installWebGpu();
  return whileAlive(async () => {
    const adapter = await checkAdapter(gpu, software);
    // Only now, as it looks for WebGPU when it is imported.
    const ort = await loadOptional("onnxruntime-web", () => import("onnxruntime-web/jspi"));
    const { runtime, ...rest } = gpuRuntime(ort, adapter);
    return { ...rest, runtime: keptAlive(runtime) };
  });
}

/** Makes `navigator.gpu` and WebGPU's constants what they are in a browser. */
async function installWebGpu(): Promise<AdapterSource> {
  if (!("Suspending" in WebAssembly)) {
    throw new CosalError("backend_unavailable", "WebGPU in Node needs Node 24 or newer (JSPI).");
  }
  const gpu = await loadOptional("webgpu", async () => {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    return create([]);
  });
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  return gpu as AdapterSource;
}

/**
 * Dawn's promises do not keep Node from ending while they are pending
 * (https://github.com/dawn-gpu/node-webgpu#lifetime).
 */
async function whileAlive<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

function keptAlive(runtime: Runtime): Runtime {
  return {
    async open(graph) {
      const session = await whileAlive(() => runtime.open(graph));
      return {
        run: (inputs) => whileAlive(() => session.run(inputs)),
        close: () => whileAlive(() => session.close()),
      };
    },
  };
}
