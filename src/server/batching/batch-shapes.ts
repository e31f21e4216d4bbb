import type { RuntimeName } from "../device/protocol.ts";

/** Images per encoder run: a GPU compiles its shaders for each of these once, and for no other. */
export const BATCH_SHAPES = [1, 2, 4, 8, 16] as const;

export type BatchShape = (typeof BATCH_SHAPES)[number];

export const MAX_BATCH = 16 satisfies BatchShape;

/** What batches are good for on a runtime. */
export interface Batching {
  readonly largest: BatchShape;
  /** Whether an incomplete batch is filled up: it costs nothing where a run's time hardly depends on it. */
  readonly pads: boolean;
}

/**
 * A processor's time grows with the batch (on two cores 120 to 140 ms an image, whatever its size), so
 * there padding is waste, and a large batch only makes who comes next wait. In WebAssembly it besides
 * leaves its memory behind for good, as the heap never shrinks.
 */
export const BATCHING: Readonly<Record<RuntimeName, Batching>> = {
  webgpu: { largest: MAX_BATCH, pads: true },
  native: { largest: 2, pads: false },
  wasm: { largest: 4, pads: false },
};

/** Empty places in a batch, as a share of it, that cost less than a second run would. */
const EMPTY_SHARE = 1 / 4;

/**
 * The shape of the next run when so many images wait: all of them, padded, where at most a quarter
 * of the shape stays empty; else as many as fill a shape.
 *
 * @param waiting at least 1
 */
export function batchShape(waiting: number, { largest, pads }: Batching): BatchShape {
  const shapes = BATCH_SHAPES.filter((shape) => shape <= largest);
  const full = shapes.findLast((shape) => shape <= waiting) ?? 1;
  const padded = shapes.find((shape) => shape >= waiting);
  if (!pads || padded === undefined || (padded - waiting) / padded > EMPTY_SHARE) return full;
  return padded;
}
