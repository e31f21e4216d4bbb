import type { Env } from "onnxruntime-web";
import { CosalError } from "../../errors.ts";
import { type AdapterSource, checkAdapter } from "./adapter.ts";
import { gpuRuntime } from "./gpu.ts";
import type { Runtime } from "./runtime.ts";
import { webRuntime } from "./web.ts";

export interface BrowserOptions {
  /** "auto" (default): WebGPU where there is a real adapter, else WASM. */
  readonly backend?: "auto" | "webgpu" | "wasm";
  /** Whether WebGPU may run on a software adapter: for tests. No by default. */
  readonly software?: boolean;
  /** URL of the folder with onnxruntime-web's `.wasm` files; by default beside the script. */
  readonly assets?: string;
  /**
   * Reads onnxruntime-web's `.wasm` file of that name: to show how far it has come, or to keep it.
   * Fetched from `assets` by default.
   */
  readonly wasm?: (name: string) => Promise<ArrayBuffer>;
}

export interface BrowserRuntime {
  readonly runtime: Runtime;
  readonly backend: "webgpu" | "wasm";
  /** Of WASM; WebGPU needs one. */
  readonly threads: number;
  /** What the GPU is called, with WebGPU. */
  readonly adapter?: string;
  /** See `GpuRuntime.lost`. */
  readonly lost?: Promise<string>;
}

/** More threads bring nothing for graphs of this size. */
const MAX_THREADS = 4;

/**
 * onnxruntime-web in a page or a web worker. WASM runs on several threads where the page is
 * cross-origin isolated (COOP and COEP headers), else on one.
 *
 * @throws CosalError backend_unavailable when WebGPU is asked for and has no fit adapter
 */
export async function browserRuntime(options: BrowserOptions = {}): Promise<BrowserRuntime> {
  const { backend = "auto", software = false } = options;
  if (backend !== "wasm") {
    try {
      const adapter = await checkAdapter(webGpu(), software);
      const [name, load] = gpuBuild();
      const ort = await load();
      await locate(ort.env, name, options);
      return { backend: "webgpu", threads: 1, ...gpuRuntime(ort, adapter) };
    } catch (error) {
      if (backend === "webgpu" || !(error instanceof CosalError)) throw error;
    }
  }
  const ort = await import("onnxruntime-web/wasm");
  await locate(ort.env, "ort-wasm-simd-threaded.wasm", options);
  ort.env.logLevel = "error";
  const threads = globalThis.crossOriginIsolated
    ? Math.min(MAX_THREADS, navigator.hardwareConcurrency)
    : 1;
  ort.env.wasm.numThreads = threads;
  return { backend: "wasm", threads, runtime: webRuntime(ort, ["wasm"]) };
}

/** 17 MB where the browser has JSPI (Chromium 137), else 27. */
function gpuBuild() {
  return "Suspending" in WebAssembly
    ? (["ort-wasm-simd-threaded.jspi.wasm", () => import("onnxruntime-web/jspi")] as const)
    : (["ort-wasm-simd-threaded.asyncify.wasm", () => import("onnxruntime-web/webgpu")] as const);
}

function webGpu(): AdapterSource | undefined {
  return (navigator as { gpu?: AdapterSource }).gpu;
}

async function locate(env: Env, name: string, { assets, wasm }: BrowserOptions): Promise<void> {
  if (assets !== undefined) env.wasm.wasmPaths = assets;
  if (wasm !== undefined) env.wasm.wasmBinary = await wasm(name);
}
