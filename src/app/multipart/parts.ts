/** One part of a multipart body, while it arrives. */
export interface Part {
  /** By name in lower case. The first of repeated headers is used. */
  readonly headers: ReadonlyMap<string, string>;
  /** The bytes. Unread ones are skipped when the next part is requested. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The body is not a multipart body with this boundary. The message says why. */
export class MultipartError extends Error {
  override readonly name = "MultipartError";
}

/** Bytes of one part's headers. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Blanks allowed between a boundary and the end of its line. */
const MAX_PADDING = 256;

const [TAB, LF, CR, BLANK, DASH] = [9, 10, 13, 32, 45];
const LINE_END = Uint8Array.of(CR, LF);
const HEADERS_END = Uint8Array.of(CR, LF, CR, LF);

/**
 * Parses a multipart body (RFC 2046, 5.1.1) and yields its parts as they arrive. No part is held in
 * memory as a whole. Preamble and epilogue are ignored. The time is linear in the number of bytes, for
 * any input.
 *
 * @param chunks of any size; tiny ones are slow
 * @param boundary as `Content-Type` names it
 * @throws MultipartError, and what `chunks` throws
 */
export async function* readParts(
  chunks: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part> {
  const source = chunks[Symbol.asyncIterator]();
  const reader = new PartReader(source, boundary);
  try {
    await reader.skip();
    while (!reader.isLast) {
      const headers = await reader.headers();
      yield { headers, body: { [Symbol.asyncIterator]: () => reader.rest() } };
      await reader.skip();
    }
    while (!(await source.next()).done);
  } finally {
    await source.return?.();
  }
}

class PartReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #delimiter: Uint8Array;
  /** Bytes that have arrived and are not consumed. A line end is put before the body's first byte. */
  #bytes: Uint8Array = LINE_END;
  #where: "preamble" | "start of body" | "body" | "boundary" = "preamble";
  isLast = false;

  constructor(source: AsyncIterator<Uint8Array>, boundary: string) {
    this.#source = source;
    this.#delimiter = Uint8Array.from(`\r\n--${boundary}`, (character) => character.charCodeAt(0));
  }

  /** Yields the bytes before the next boundary. */
  async *rest(): AsyncGenerator<Uint8Array> {
    while (this.#where !== "boundary") {
      // Before the first boundary, any line end is accepted.
      const delimiter = this.#where === "preamble" ? this.#delimiter.subarray(1) : this.#delimiter;
      const { end, line } = findDelimiter(this.#bytes, delimiter);
      if (this.#where === "start of body" && (end > 0 || line !== undefined)) {
        // The empty line after the headers, which may be the beginning of the boundary (RFC 2046).
        this.#where = "body";
        if (end > 0) {
          this.#bytes = this.#bytes.subarray(LINE_END.length);
          continue;
        }
      }
      const found = this.#bytes.subarray(0, end);
      this.#bytes = this.#bytes.subarray(end);
      if (line !== undefined) {
        this.#bytes = this.#bytes.subarray(line.length);
        this.isLast = line.isLast;
        this.#where = "boundary";
      }
      if (found.length > 0) yield found;
      if (line === undefined) await this.#arrive();
    }
  }

  async skip(): Promise<void> {
    for await (const _ of this.rest());
  }

  /** Reads the headers after a boundary, up to the empty line. */
  async headers(): Promise<Map<string, string>> {
    let searched = 0;
    for (;;) {
      const end = indexOf(this.#bytes, HEADERS_END, searched);
      if (end > MAX_HEADER_BYTES || (end === -1 && this.#bytes.length > MAX_HEADER_BYTES)) {
        throw new MultipartError(`a part has more than ${MAX_HEADER_BYTES} bytes of headers`);
      }
      if (end !== -1) {
        const lines = textOf(this.#bytes.subarray(0, end));
        this.#bytes = this.#bytes.subarray(end + LINE_END.length);
        this.#where = "start of body";
        return headersOf(lines);
      }
      searched = Math.max(0, this.#bytes.length - HEADERS_END.length);
      await this.#arrive();
    }
  }

  async #arrive(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done) {
      throw new MultipartError(
        this.#where === "preamble"
          ? "the boundary that Content-Type names is not in it"
          : "it ends before its last boundary",
      );
    }
    this.#bytes = this.#bytes.length === 0 ? value : joined(this.#bytes, value);
  }
}

/** The line of a boundary, from the delimiter's first byte up to its line end. */
interface BoundaryLine {
  readonly length: number;
  /** Whether it is the body's last boundary. */
  readonly isLast: boolean;
}

/**
 * Returns how many bytes are certainly not part of a boundary, and the boundary after them if it is
 * complete. A line end occurs only at a delimiter's start, so each byte is read at most twice.
 */
function findDelimiter(
  bytes: Uint8Array,
  delimiter: Uint8Array,
): { readonly end: number; readonly line?: BoundaryLine } {
  const first = delimiter[0];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== first) continue;
    let length = 1;
    while (length < delimiter.length && bytes[at + length] === delimiter[length]) length++;
    if (at + length === bytes.length) return { end: at };
    if (length < delimiter.length) continue;
    const line = boundaryLine(bytes, at, at + length);
    if (line === "unfinished") return { end: at };
    if (line !== undefined) return { end: at, line };
  }
  return { end: bytes.length };
}

/** Undefined if the line has other characters after the delimiter, so that it is no boundary. */
function boundaryLine(
  bytes: Uint8Array,
  begin: number,
  end: number,
): BoundaryLine | "unfinished" | undefined {
  if (bytes[end] === DASH) {
    if (end + 1 === bytes.length) return "unfinished";
    return bytes[end + 1] === DASH ? { length: end + 2 - begin, isLast: true } : undefined;
  }
  let at = end;
  while (at - end < MAX_PADDING && (bytes[at] === BLANK || bytes[at] === TAB)) at++;
  if (at + 1 >= bytes.length && (at === bytes.length || bytes[at] === CR)) return "unfinished";
  const isEnd = bytes[at] === CR && bytes[at + 1] === LF;
  return isEnd ? { length: at - begin, isLast: false } : undefined;
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = from; at + wanted.length <= bytes.length; at++) {
    let length = 0;
    while (length < wanted.length && bytes[at + length] === wanted[length]) length++;
    if (length === wanted.length) return at;
  }
  return -1;
}

function headersOf(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  // A line that begins with a blank continues the previous one (RFC 5322, 2.2.3).
  for (const line of text.replace(/\r\n(?=[ \t])/g, "").split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== "" && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

/** Decodes UTF-8. Falls back to Latin-1, in which every byte is valid. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
