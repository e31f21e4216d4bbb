import type { Tensors } from "../../engine/index.ts";

/** What a device process may take before it is replaced. Times in milliseconds. */
export interface Bounds {
  /** From the start of a process until it takes work, graphs and shaders included. */
  readonly start: number;
  /** To open one graph. */
  readonly open: number;
  /** For one run: a graph that runs blocks the process, so nothing else can tell that it hangs. */
  readonly run: (inputs: Tensors) => number;
  /** Without a heartbeat. They come every 250 ms, from a thread that no graph blocks. */
  readonly silence: number;
  /** Resident bytes between two runs. */
  readonly memory: number;
  /** Before the second process. Doubled for each that follows, up to `longestPause`. */
  readonly shortestPause: number;
  readonly longestPause: number;
  /** Who has lived this long starts anew with the shortest pause. */
  readonly healthy: number;
  /** Processes in a row that answer nothing before all that waits is refused. */
  readonly patience: number;
}

export const DEFAULT_BOUNDS: Bounds = {
  start: 180_000,
  open: 60_000,
  // GCoNet+ with its VGG16 takes 2.4 s an image in WASM on an idle core, and no network more.
  run: (inputs) => 30_000 + 5_000 * batchOf(inputs),
  silence: 4_000,
  // cosal-lite in WASM with batches of 16 stays below 1 GiB.
  memory: 6 * 1024 ** 3,
  shortestPause: 100,
  longestPause: 30_000,
  healthy: 60_000,
  patience: 5,
};

/** The largest first dimension: how many images a run is about, or more. */
function batchOf(inputs: Tensors): number {
  return Math.max(1, ...Object.values(inputs).map(({ dims }) => dims[0] ?? 1));
}
