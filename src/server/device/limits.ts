import type { Tensors } from "../../engine/index.ts";

/** Limits of a device process. One that exceeds them is replaced. Times are in milliseconds. */
export interface DeviceLimits {
  /** From the start of a process until it takes work, including loading graphs and shaders. */
  readonly startTimeout: number;
  /** To open one graph. */
  readonly openTimeout: number;
  /** For one run. A running graph blocks the process, so only the time shows that it hangs. */
  readonly runTimeout: (inputs: Tensors) => number;
  /** Since the last heartbeat. A thread that no graph blocks sends one every 250 ms. */
  readonly heartbeatTimeout: number;
  /** Resident memory in bytes, checked between two runs. */
  readonly memory: number;
  /** Delay before the second process starts. It doubles for each next one, up to `maxRestartDelay`. */
  readonly minRestartDelay: number;
  readonly maxRestartDelay: number;
  /** A process that ran this long resets the restart delay to `minRestartDelay`. */
  readonly healthyAfter: number;
  /** Processes in a row that complete no run before all waiting runs are rejected. */
  readonly maxFailures: number;
}

export const DEFAULT_DEVICE_LIMITS: DeviceLimits = {
  startTimeout: 180_000,
  openTimeout: 60_000,
  // The slowest network, GCoNet+ with VGG16, takes 2.4 s per image in WASM on an idle core.
  runTimeout: (inputs) => 30_000 + 5_000 * batchOf(inputs),
  heartbeatTimeout: 4_000,
  // cosal-lite in WASM with batches of 16 stays below 1 GiB.
  memory: 6 * 1024 ** 3,
  minRestartDelay: 100,
  maxRestartDelay: 30_000,
  healthyAfter: 60_000,
  maxFailures: 5,
};

/** The largest first dimension of the inputs: an upper bound of the images in a run. */
function batchOf(inputs: Tensors): number {
  return Math.max(1, ...Object.values(inputs).map(({ dims }) => dims[0] ?? 1));
}
