import type { Seed } from "./api.ts";
import type { OnProgress } from "./progress.ts";
import type { Resize } from "./resize.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole call, with all attempts; 10 minutes unless said. */
  readonly timeout?: number;
}

/** Options of everything that computes masks. */
export interface ComputeOptions extends CallOptions {
  readonly onProgress?: OnProgress;
  readonly backend?: "auto" | "gpu" | "wasm";
  /** `high`: each photograph is looked at a second time, for finer outlines at about twice the time. */
  readonly detail?: "normal" | "high";
}

export interface ApplyOptions extends ComputeOptions {
  /** Whether a photograph that cannot be read ends the group (`fail`) or is left out of it. */
  readonly onError?: "fail" | "skip";
  /**
   * Sends reduced photographs, for slow lines: masks have the photographs' own sizes all the same, cut-outs
   * and overlays those of the reduced ones. `true` needs a canvas; elsewhere hand in a function.
   */
  readonly resize?: boolean | Resize;
}

export interface GroupOptions extends ApplyOptions {
  /** One of the service's models; its first unless said. */
  readonly model?: string;
  /**
   * Examples of the object: a point, a box or a mask on a photograph, which is named by its place
   * (from 0), its id or its SHA-256.
   */
  readonly seeds?: readonly Seed[];
}
