import type { Tensors } from "../../engine/index.ts";

/** A graph that each new process opens before it takes work. */
export interface OpenGraph {
  readonly number: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Inputs that each new process runs once, so that no request waits for shader compilation. */
  readonly warmUps: readonly (() => Tensors)[];
}
