import { broken, viewOf } from "../header/bytes.ts";
import { type RiffChunk, uint24 } from "./chunks.ts";

/** Flags of a VP8X chunk (RFC 9649, 2.7). */
export const FLAG = { animation: 0x02, exif: 0x08, alpha: 0x10, profile: 0x20 } as const;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The chunk that says what else is in an extended file, and the size of its canvas. */
export function readExtended({ data }: RiffChunk): Size & { readonly flags: number } {
  if (data.length < 10) throw broken("WebP", "its VP8X chunk is too short");
  const view = viewOf(data);
  return {
    flags: view.getUint8(0),
    width: 1 + uint24(view, 4),
    height: 1 + uint24(view, 7),
  };
}

export function extendedChunk({ width, height }: Size, flags: number): RiffChunk {
  const data = new Uint8Array(10);
  data[0] = flags;
  for (const [offset, side] of [
    [4, width - 1],
    [7, height - 1],
  ] as const) {
    data.set([side & 255, (side >> 8) & 255, side >> 16], offset);
  }
  return { type: "VP8X", data };
}
