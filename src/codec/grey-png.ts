import { crc32 } from "./crc32.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const GREY = 0;
/** Rows are gathered to pieces of about this size before they go to the compressor. */
const PIECE = 64 * 1024;

/**
 * An 8-bit grey PNG (PNG third edition) of rows that are made as they are needed, so that the whole
 * picture never lies in memory, only its compressed form.
 *
 * @param rows `height` rows of `width` bytes; a row may be overwritten once the next is asked for
 */
export async function encodeGreyPng(
  width: number,
  height: number,
  rows: Iterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, GREY, 0, 0, 0], 8);
  const chunks = [Uint8Array.from(SIGNATURE), chunk("IHDR", header)];
  const { readable, writable } = new CompressionStream("deflate");
  const written = writeFiltered(writable.getWriter(), width, rows);
  written.catch(() => {}); // it fails the readable side too, where it is caught
  for await (const data of readable as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk("IDAT", data));
  }
  await written;
  chunks.push(chunk("IEND", new Uint8Array()));
  return concat(chunks);
}

/**
 * Writes rows with their filter byte (none), gathered to larger pieces, each when the compressor is
 * done with the last: piped from a stream, all rows would pile up before it (in workerd).
 */
async function writeFiltered(
  writer: WritableStreamDefaultWriter<BufferSource>,
  width: number,
  rows: Iterable<Uint8Array>,
): Promise<void> {
  const size = Math.max(1, Math.floor(PIECE / (width + 1))) * (width + 1);
  let piece = new Uint8Array(size);
  let used = 0;
  try {
    for (const row of rows) {
      piece.set(row, used + 1);
      used += width + 1;
      if (used < size) continue;
      await writer.write(piece);
      piece = new Uint8Array(size); // a compressor may still be reading the other
      used = 0;
    }
    if (used > 0) await writer.write(piece.subarray(0, used));
    await writer.close();
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
