import { Z_NO_FLUSH, Z_OK, Z_STREAM_END, ZStream, zlibInflate, zlibInflateInit2 } from "pako";
import { broken, truncated } from "../header/bytes.ts";
import type { PngChunk } from "./chunks.ts";

/** Without zlib's header and checksum, whatever window the header tells of. */
const RAW_WINDOW = -15;
const OUTPUT = 64 * 1024;
const DEFLATE = 8;
const DICTIONARY = 0x20;

/**
 * The zlib stream (RFC 1950) in a PNG's IDAT chunks, as far as it is asked for. The chunks have
 * checksums of their own, so that of the stream is not looked at, nor what follows the pixels:
 * browsers show files in which these are wrong.
 */
export class PixelStream {
  readonly #stream = new ZStream();
  readonly #idat: Iterator<Uint8Array>;
  readonly #output = new Uint8Array(OUTPUT);
  /** How much of the output has been given away. */
  #read = 0;
  #isOver = false;

  constructor(idat: readonly PngChunk[]) {
    this.#idat = sound(idat);
    zlibInflateInit2(this.#stream, RAW_WINDOW);
    this.#stream.output = this.#output;
    const [first, second] = [this.#byte(), this.#byte()];
    if ((first & 15) !== DEFLATE || ((first << 8) | second) % 31 !== 0 || second & DICTIONARY) {
      throw broken("PNG", "its pixels are no zlib stream");
    }
  }

  /**
   * Fills `row` with the next bytes.
   *
   * @throws CosalError image_undecodable where they are damaged, or where there are no more
   */
  fill(row: Uint8Array): void {
    for (let filled = 0; filled < row.length; ) {
      const there = this.#stream.next_out - this.#read;
      if (there === 0) {
        this.#inflate();
        continue;
      }
      const length = Math.min(there, row.length - filled);
      row.set(this.#output.subarray(this.#read, this.#read + length), filled);
      this.#read += length;
      filled += length;
    }
  }

  #inflate(): void {
    const stream = this.#stream;
    if (this.#isOver) throw broken("PNG", "its pixels are damaged or incomplete");
    stream.next_out = 0;
    stream.avail_out = OUTPUT;
    this.#read = 0;
    while (stream.avail_out > 0 && !this.#isOver) {
      if (stream.avail_in === 0) {
        // What there is first: the rows may be complete with it.
        if (stream.next_out > 0) return;
        this.#load();
      }
      const status = zlibInflate(stream, Z_NO_FLUSH);
      this.#isOver = status === Z_STREAM_END || status !== Z_OK;
    }
  }

  /** Goes on to the next chunk's data. */
  #load(): void {
    const { done, value } = this.#idat.next();
    if (done) throw truncated("PNG");
    this.#stream.input = value;
    this.#stream.next_in = 0;
    this.#stream.avail_in = value.length;
  }

  #byte(): number {
    const stream = this.#stream;
    while (stream.avail_in === 0) this.#load();
    stream.avail_in--;
    return stream.input[stream.next_in++] as number;
  }
}

function* sound(idat: readonly PngChunk[]): Generator<Uint8Array, void> {
  for (const chunk of idat) {
    if (!chunk.isSound()) throw broken("PNG", "the checksum of its pixels is wrong");
    if (chunk.data.length > 0) yield chunk.data;
  }
}
