import { encodePng } from "./output/png/png.ts";

/** An 8-bit grey PNG of rows made as they are needed; see `encodePng`. */
export function encodeGreyPng(
  width: number,
  height: number,
  rows: Iterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  return encodePng(width, height, "grey", rows);
}
