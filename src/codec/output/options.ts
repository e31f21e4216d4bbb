import type { Logits } from "../mask.ts";
import { dropSmallComponents } from "./components.ts";
import type { Pause } from "./paced.ts";
import type { MaskRecord } from "./record.ts";

export interface MaskOptions {
  /** Where a binary mask begins, between 0 and 1; 0.5 unless said. A soft mask has none. */
  readonly threshold?: number;
  /** Share of the image, 0..1, below which a connected part is dropped; 0, none is, unless said. */
  readonly smallest?: number;
}

/** Of files that take long to write. */
export interface PausableOptions extends MaskOptions {
  /** For a host whose only thread this runs on: where it lets others have a turn. */
  readonly pause?: Pause;
}

/** What renderers work with. */
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
