import type { Tensors } from "../../engine/index.ts";

/** A graph that each new process opens again before it takes work. */
export interface OpenGraph {
  readonly number: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Run once in each new process, so that no request waits for its shaders. */
  readonly warmUps: readonly (() => Tensors)[];
}
