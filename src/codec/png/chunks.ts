import { crc32 } from "../crc32.ts";
import { fourCC, viewOf } from "../header/bytes.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A chunk as it stands in the file (PNG third edition, 5.3). */
export interface PngChunk {
  /** Four letters; a capital first one is that of a chunk without which the image cannot be read. */
  readonly type: string;
  /** Less than the chunk's length says where the file ends before. */
  readonly data: Uint8Array;
  /** Whether nothing contradicts its checksum. What the file ends before cannot. */
  isSound(): boolean;
}

export function hasPngSignature(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** The chunks of a file up to IEND, or as far as it goes. */
export function* pngChunks(bytes: Uint8Array): Generator<PngChunk, void> {
  const view = viewOf(bytes);
  for (let offset = SIGNATURE.length; offset + 8 <= bytes.length; ) {
    const start = offset + 4;
    const end = offset + 8 + view.getUint32(offset);
    const type = fourCC(view, start);
    yield {
      type,
      data: bytes.subarray(start + 4, end),
      isSound: () =>
        end + 4 > bytes.length || crc32(bytes.subarray(start, end)) === view.getUint32(end),
    };
    if (type === "IEND") return;
    offset = end + 4;
  }
}
