import { broken, viewOf } from "../header/bytes.ts";
import type { Rectangle } from "../header/stored-image.ts";
import { chunksOf, type RiffChunk, uint24, webpOf } from "./chunks.ts";
import { extendedChunk, FLAG } from "./extended.ts";

const FRAME_HEADER = 16;

/** A frame of an animation. */
export interface WebpFrame {
  /** Where it lies on the canvas. */
  readonly place: Rectangle;
  /** Its chunk VP8 or VP8L. */
  readonly bitstream: RiffChunk;
  /** As a file of its own, which decoders of still images read. */
  readonly file: Uint8Array;
}

/** Takes an ANMF chunk apart (RFC 9649, 2.7.1.1). */
export function readFrame({ data }: RiffChunk): WebpFrame {
  if (data.length < FRAME_HEADER) throw broken("WebP", "its first frame is too short");
  const view = viewOf(data);
  const place = {
    x: 2 * uint24(view, 0),
    y: 2 * uint24(view, 3),
    width: 1 + uint24(view, 6),
    height: 1 + uint24(view, 9),
  };
  const chunks = [...chunksOf(data.subarray(FRAME_HEADER))];
  const alpha = chunks.find(({ type }) => type === "ALPH");
  const bitstream = chunks.find(({ type }) => type === "VP8 " || type === "VP8L");
  if (bitstream === undefined) throw broken("WebP", "its first frame has no image");
  const file =
    alpha !== undefined && bitstream.type === "VP8 "
      ? webpOf([extendedChunk(place, FLAG.alpha), alpha, bitstream])
      : webpOf([bitstream]);
  return { place, bitstream, file };
}
