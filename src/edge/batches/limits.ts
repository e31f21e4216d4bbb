import type { BatchLimits } from "../../app/index.ts";
import { MAX_GROUP } from "../../engine/index.ts";

/** Photographs of a step after which it takes no other unit. A step has 30 s of CPU time. */
export const STEP_IMAGES = 32;

/** Photographs of a unit after which the rest of a large group is for the next step. */
export const PART_IMAGES = MAX_GROUP;

/** What a batch of a Worker may have. */
export const BATCH_LIMITS: BatchLimits = {
  lines: 1_000_000,
  bytes: 100 * 1024 * 1024,
  groupLines: 1024,
  parallelism: 4,
};
