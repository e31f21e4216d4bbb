import type { Tensors } from "../../engine/index.ts";

/** What a device process may take before it is replaced. Times in milliseconds. */
export interface DeviceLimits {
  /** From the start of a process until it takes work, graphs and shaders included. */
  readonly startTimeout: number;
  /** To open one graph. */
  readonly openTimeout: number;
  /** For one run: a graph that runs blocks the process, so nothing else can tell that it hangs. */
  readonly runTimeout: (inputs: Tensors) => number;
  /** Without a heartbeat. They come every 250 ms, from a thread that no graph blocks. */
  readonly heartbeatTimeout: number;
  /** Resident bytes between two runs. */
  readonly memory: number;
  /** Before the second process. Doubled for each that follows, up to `maxRestartDelay`. */
  readonly minRestartDelay: number;
  readonly maxRestartDelay: number;
  /** Who has lived this long starts anew with the shortest pause. */
  readonly healthyAfter: number;
  /** Processes in a row that answer nothing before all that waits is refused. */
  readonly maxFailures: number;
}

export const DEFAULT_DEVICE_LIMITS: DeviceLimits = {
  startTimeout: 180_000,
  openTimeout: 60_000,
  // GCoNet+ with its VGG16 takes 2.4 s an image in WASM on an idle core, and no network more.
  runTimeout: (inputs) => 30_000 + 5_000 * batchOf(inputs),
  heartbeatTimeout: 4_000,
  // cosal-lite in WASM with batches of 16 stays below 1 GiB.
  memory: 6 * 1024 ** 3,
  minRestartDelay: 100,
  maxRestartDelay: 30_000,
  healthyAfter: 60_000,
  maxFailures: 5,
};

/** The largest first dimension: how many images a run is about, or more. */
function batchOf(inputs: Tensors): number {
  return Math.max(1, ...Object.values(inputs).map(({ dims }) => dims[0] ?? 1));
}
