import type { Runtime } from "./runtime.ts";

/** A runtime on a GPU. */
export interface GpuRuntime {
  readonly runtime: Runtime;
  /** What the adapter is called. */
  readonly adapter: string;
  /**
   * Resolves with the reason when the device is lost. onnxruntime-web does not recover: sessions,
   * also new ones, fail from then on, and only another process (in a browser, another page or
   * worker) gets a device again (https://github.com/microsoft/onnxruntime/pull/27634).
   */
  readonly lost: Promise<string>;
}
