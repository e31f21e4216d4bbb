import { INVERSE, swapsAxes, uprightPlanes } from "../orientation.ts";
import type { Orientation } from "../types.ts";
import type { MaskRecord } from "./record.ts";

/**
 * The mask in the orientation of the photograph's file, for readers that ignore the EXIF orientation.
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
