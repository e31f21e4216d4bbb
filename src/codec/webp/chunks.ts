import { broken, fourCC, viewOf } from "../header/bytes.ts";

/** A chunk of a RIFF file (RFC 9649, 2.3). */
export interface RiffChunk {
  readonly type: string;
  readonly data: Uint8Array;
}

const FILE_HEADER = 12;
const CHUNK_HEADER = 8;

export function isRiffOfWebp(bytes: Uint8Array): boolean {
  if (bytes.length < FILE_HEADER) return false;
  const view = viewOf(bytes);
  return fourCC(view, 0) === "RIFF" && fourCC(view, 8) === "WEBP";
}

/** Bytes that a file should have by its header; what follows them is no part of it (RFC 9649, 2.4). */
export function lengthOfRiff(bytes: Uint8Array): number {
  return viewOf(bytes).getUint32(4, true) + CHUNK_HEADER;
}

/**
 * The chunks of a file; of one that ends too early those that are whole.
 *
 * @throws CosalError image_undecodable where a chunk is longer than its file should be
 */
export function webpChunks(bytes: Uint8Array): Iterable<RiffChunk> {
  const length = lengthOfRiff(bytes);
  return chunksOf(bytes.subarray(FILE_HEADER, length), length > bytes.length);
}

/**
 * Chunks one after the other, as in a file or in a frame.
 *
 * @param isCut whether the last one may be incomplete; it is left out then
 */
export function* chunksOf(bytes: Uint8Array, isCut = false): Generator<RiffChunk, void> {
  const view = viewOf(bytes);
  for (let offset = 0; offset + CHUNK_HEADER <= bytes.length; ) {
    const length = view.getUint32(offset + 4, true);
    const start = offset + CHUNK_HEADER;
    if (isCut && start + length > bytes.length) return;
    if (start + length > bytes.length) throw broken("WebP", "a chunk is longer than what it is in");
    yield { type: fourCC(view, offset), data: bytes.subarray(start, start + length) };
    offset = start + length + (length & 1);
  }
}

/** A WebP file of these chunks. */
export function webpOf(chunks: readonly RiffChunk[]): Uint8Array<ArrayBuffer> {
  const padded = ({ data }: RiffChunk) => CHUNK_HEADER + data.length + (data.length & 1);
  const bytes = new Uint8Array(chunks.reduce((sum, one) => sum + padded(one), FILE_HEADER));
  const view = viewOf(bytes);
  const write = (text: string, offset: number) => {
    for (let i = 0; i < 4; i++) bytes[offset + i] = text.charCodeAt(i);
  };
  write("RIFF", 0);
  view.setUint32(4, bytes.length - CHUNK_HEADER, true);
  write("WEBP", 8);
  let offset = FILE_HEADER;
  for (const chunk of chunks) {
    write(chunk.type, offset);
    view.setUint32(offset + 4, chunk.data.length, true);
    bytes.set(chunk.data, offset + CHUNK_HEADER);
    offset += padded(chunk);
  }
  return bytes;
}

export function uint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
}
