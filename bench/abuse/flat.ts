import { encodePng } from "../../src/codec/output/png/png.ts";

/** A grey PNG of one level: a few bytes for a thousand pixels. */
export function flatPng(
  width: number,
  height: number,
  level: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return encodePng(width, height, "grey", rows(height, new Uint8Array(width).fill(level)));
}

function* rows(height: number, row: Uint8Array): Generator<Uint8Array> {
  for (let y = 0; y < height; y++) yield row;
}
