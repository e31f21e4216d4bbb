import { deflateSync } from "node:zlib";
import { crc32 } from "../src/codec/crc32.ts";

/** A chunk of a PNG file: its type, and what is in it. */
export interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export function chunk(type: string, data: Uint8Array | string | readonly number[] = []): Chunk {
  return { type, data: typeof data === "string" ? latin1(data) : Uint8Array.from(data) };
}

/** The chunk as a file has it: length, type, data, CRC. */
export function chunkBytes({ type, data }: Chunk): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(latin1(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

export function pngOf(...chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([PNG_SIGNATURE, ...chunks.map(chunkBytes)]));
}

/** The chunks of a sound file. */
export function chunksOf(file: Uint8Array): Chunk[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks: Chunk[] = [];
  for (let offset = 8; offset < file.length; ) {
    const length = view.getUint32(offset);
    const type = Buffer.from(file.subarray(offset + 4, offset + 8)).toString("latin1");
    chunks.push({ type, data: file.slice(offset + 8, offset + 8 + length) });
    offset += 12 + length;
  }
  return chunks;
}

export interface Ihdr {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced?: boolean;
}

export function ihdr({ width, height, depth, colour, interlaced = false }: Ihdr): Chunk {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  return { type: "IHDR", data };
}

/** The pixels' chunk, from rows with a filter byte before each. */
export function idat(rows: Uint8Array): Chunk {
  return { type: "IDAT", data: deflateSync(rows) };
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
