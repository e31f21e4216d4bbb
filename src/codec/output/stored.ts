import { INVERSE, swapsAxes, uprightPlanes } from "../orientation.ts";
import type { Orientation } from "../types.ts";
import type { MaskRecord } from "./record.ts";

/**
 * The mask of a photograph as its file stores it, before it is turned upright: for readers that do
 * not look at the orientation.
 */
export function asStored(mask: MaskRecord, orientation: Orientation): MaskRecord {
  if (orientation === 1) return mask;
  const sizeOf = ({ width, height }: { readonly width: number; readonly height: number }) =>
    swapsAxes(orientation) ? { width: height, height: width } : { width, height };
  const size = sizeOf(mask.logits);
  const { data } = mask.logits;
  const turned = uprightPlanes(data, size.width, size.height, INVERSE[orientation]);
  return { ...sizeOf(mask), logits: { ...size, data: turned } };
}
