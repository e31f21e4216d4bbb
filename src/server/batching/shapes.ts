/** Images per encoder run: a GPU compiles its shaders for each of these once, and for no other. */
export const BATCH_SHAPES = [1, 2, 4, 8, 16] as const;

export type BatchShape = (typeof BATCH_SHAPES)[number];

export const LARGEST_BATCH = 16 satisfies BatchShape;

/** Empty places in a batch, as a share of it, that cost less than a second run would. */
const EMPTY_SHARE = 1 / 4;

/**
 * The shape of the next run when so many images wait: all of them, padded, where at most a quarter
 * of the shape stays empty; else as many as fill a shape.
 *
 * @param waiting at least 1
 * @param pads whether padding pays: not on a processor, whose time grows with the shape
 */
export function batchShape(waiting: number, pads: boolean): BatchShape {
  const full = BATCH_SHAPES.findLast((shape) => shape <= waiting) ?? 1;
  const padded = BATCH_SHAPES.find((shape) => shape >= waiting);
  if (!pads || padded === undefined || (padded - waiting) / padded > EMPTY_SHARE) return full;
  return padded;
}
