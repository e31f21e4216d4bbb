import { DEFAULT_DEVICE_LIMITS } from "../../src/server/device/limits.ts";
import { IMAGING_LIMITS, THREAD_HEAP } from "../../src/server/imaging/pool.ts";
import { ADMISSION, serverLimits } from "../../src/server/limits.ts";

const MEBIBYTE = 2 ** 20;

/** Two pictures of the largest photograph that is rendered: as decoded, and as made of it. */
const PICTURES = 2 * 4 * serverLimits("native").renderedPixels;

/** Features, results for Workers and those that wait for the disk (`server/storage/stores.ts`). */
const STORES = (512 + 256 + 64) * MEBIBYTE;

/** The program, with the model's description and what V8 has not collected yet. */
const PROGRAM = 256 * MEBIBYTE;

/** MiB that a process of each kind may have. */
export const BUDGETS: Readonly<Record<string, number>> = {
  server:
    (PROGRAM + ADMISSION.bytes + STORES + (IMAGING_LIMITS.threads + 1) * (THREAD_HEAP + PICTURES)) /
    MEBIBYTE,
  device: DEFAULT_DEVICE_LIMITS.memory / MEBIBYTE,
  /** Cloudflare's 128 MB. */
  isolate: 128e6 / MEBIBYTE,
};
