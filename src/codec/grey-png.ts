import { encodePng } from "./output/png/png.ts";

/** Encodes an 8-bit grey PNG from rows that are computed on demand; see `encodePng`. */
export function encodeGreyPng(
  width: number,
  height: number,
  rows: Iterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  return encodePng(width, height, "grey", rows);
}
