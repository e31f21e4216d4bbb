import { viewOf } from "../header/bytes.ts";

/** Second bytes of JPEG's markers (ITU-T T.81, table B.1). */
export const MARKER = {
  TEM: 0x01,
  SOF0: 0xc0,
  SOF1: 0xc1,
  SOF2: 0xc2,
  DHT: 0xc4,
  DAC: 0xcc,
  RST0: 0xd0,
  SOI: 0xd8,
  EOI: 0xd9,
  SOS: 0xda,
  DQT: 0xdb,
  DNL: 0xdc,
  DRI: 0xdd,
  DHP: 0xde,
  APP0: 0xe0,
  APP1: 0xe1,
  APP14: 0xee,
  APP15: 0xef,
  COM: 0xfe,
} as const;

/** A marker with its parameters. */
export interface Segment {
  readonly marker: number;
  /** First byte after the marker and the two of the length. */
  readonly start: number;
  /** First byte after the segment; past the end of a file that is cut. */
  readonly end: number;
}

/** RST0 to RST7, which stand between the intervals of a scan. */
export function isRestart(marker: number): boolean {
  return marker >= MARKER.RST0 && marker <= MARKER.RST0 + 7;
}

/** SOF0 to SOF15: C0 to CF without DHT, JPG (C8) and DAC. */
export function isFrame(marker: number): boolean {
  return (marker & 0xf0) === 0xc0 && ![MARKER.DHT, 0xc8, MARKER.DAC].includes(marker as 0xc4);
}

function hasLength(marker: number): boolean {
  return !isRestart(marker) && ![MARKER.TEM, MARKER.SOI, MARKER.EOI].includes(marker as 0x01);
}

/**
 * The next marker at or after `offset`. What stands before it, fill bytes or others, is passed over,
 * as libjpeg does. Undefined at the end of the file.
 */
export function nextSegment(bytes: Uint8Array, offset: number): Segment | undefined {
  const at = nextMarker(bytes, offset);
  if (at === undefined) return undefined;
  const marker = bytes[at + 1] as number;
  if (!hasLength(marker)) return { marker, start: at + 2, end: at + 2 };
  if (at + 4 > bytes.length) return { marker, start: at + 4, end: at + 4 };
  const length = viewOf(bytes).getUint16(at + 2);
  return { marker, start: at + 4, end: at + 2 + Math.max(2, length) };
}

/** Where the next marker is: an FF that neither 00 (a stuffed byte) nor FF (a fill byte) follows. */
function nextMarker(bytes: Uint8Array, offset: number): number | undefined {
  for (let at = offset; at + 1 < bytes.length; at++) {
    if (bytes[at] !== 0xff) continue;
    const next = bytes[at + 1];
    if (next !== 0 && next !== 0xff) return at;
  }
  return undefined;
}

/** Where entropy-coded data end that begin at `start`: at a marker other than RST, or with the file. */
export function endOfData(bytes: Uint8Array, start: number): number {
  for (let offset = start; ; offset += 2) {
    const at = nextMarker(bytes, offset);
    if (at === undefined) return bytes.length;
    if (!isRestart(bytes[at + 1] as number)) return at;
    offset = at;
  }
}
