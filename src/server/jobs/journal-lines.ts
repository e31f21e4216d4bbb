import { crc32 } from "../../codec/crc32.ts";

/*
 * A journal's line: CRC-32 of the text (8 hex digits), a space, a value as JSON, a line feed. The
 * checksum detects a line that was written in part.
 */
const LINE_FEED = 10;
const TEXT_AT = 9;

export function encodeLine(value: unknown): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const line = new Uint8Array(TEXT_AT + text.length + 1);
  line.set(new TextEncoder().encode(`${checksum(text)} `));
  line.set(text, TEXT_AT);
  line[line.length - 1] = LINE_FEED;
  return line;
}

/** A value and where its line ends, in bytes from the beginning. */
export interface Line {
  readonly value: unknown;
  readonly end: number;
}

/** The lines of a file up to the first incomplete one. */
export function* decodeLines(file: Uint8Array): Generator<Line> {
  for (let start = 0; start < file.length; ) {
    const end = file.indexOf(LINE_FEED, start) + 1;
    if (end === 0) return;
    const text = file.subarray(start + TEXT_AT, end - 1);
    const expected = new TextDecoder().decode(file.subarray(start, start + TEXT_AT));
    if (expected !== `${checksum(text)} `) return;
    yield { value: JSON.parse(new TextDecoder().decode(text)), end };
    start = end;
  }
}

function checksum(text: Uint8Array): string {
  return crc32(text).toString(16).padStart(8, "0");
}
