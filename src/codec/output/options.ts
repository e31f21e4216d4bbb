import type { Logits } from "../mask.ts";
import { dropSmallComponents } from "./components.ts";
import type { Pause } from "./paced.ts";
import type { MaskRecord } from "./record.ts";

export interface MaskOptions {
  /** Threshold of a binary mask, between 0 and 1 (default: 0.5). A soft mask ignores it. */
  readonly threshold?: number;
  /** Connected parts with a smaller share of the image, 0..1, are dropped (default: 0, drops none). */
  readonly smallest?: number;
}

/** Options of files that take long to render. */
export interface PausableOptions extends MaskOptions {
  /** Awaited between pieces of work, so that a host with one thread can yield. */
  readonly pause?: Pause;
}

/** The inputs of renderers. */
export interface PreparedMask {
  readonly width: number;
  readonly height: number;
  /** Without the parts that are too small. */
  readonly logits: Logits;
  /** The logit of the threshold. */
  readonly level: number;
}

/** @throws RangeError for a threshold or share that is none */
export function prepared(record: MaskRecord, options: MaskOptions = {}): PreparedMask {
  const { width, height, logits } = record;
  const { threshold = 0.5, smallest = 0 } = options;
  if (!(threshold > 0 && threshold < 1)) {
    throw new RangeError(
      `Expected a number between 0 and 1 for threshold but received ${threshold}`,
    );
  }
  if (!(smallest >= 0 && smallest <= 1)) {
    throw new RangeError(`Expected a number from 0 to 1 for smallest but received ${smallest}`);
  }
  const level = Math.log(threshold / (1 - threshold));
  return {
    width,
    height,
    level,
    logits: smallest > 0 ? dropSmallComponents(logits, smallest, threshold) : logits,
  };
}
