import type { BatchLimits } from "../../app/index.ts";
import { MAX_GROUP } from "../../engine/index.ts";

/** Photographs of a step after which it takes no other unit. A step has 30 s of CPU time. */
export const STEP_IMAGES = 32;

/** Photographs of a unit after which the rest of a large group is for the next step. */
export const PART_IMAGES = MAX_GROUP;

/**
 * What a batch of a Worker may have. Each photograph that is named by SHA-256 is looked up in the
 * bucket, and a request may make 10,000 such calls.
 */
export const BATCH_LIMITS: BatchLimits = {
  lines: 1_000_000,
  storedLines: 8_000,
  bytes: 256 * 1024 * 1024,
  groupLines: 1024,
  parallelism: 4,
};
