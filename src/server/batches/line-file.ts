import { type FileHandle, open } from "node:fs/promises";
import { decodeLines } from "../jobs/journal-lines.ts";

/** A line of a file: its value, where it starts and where it ends. */
export interface PlacedLine {
  readonly value: unknown;
  readonly start: number;
  readonly end: number;
}

const LINE_FEED = 10;

/** Bytes per read. */
const WINDOW = 256 * 1024;

/** Windows that are kept while lines are read in any order. */
const MAX_WINDOWS = 8;

/**
 * The lines of a file (`journal-lines.ts`) between two positions, up to the first incomplete one. They are
 * read on demand.
 */
export async function* readLines(
  path: string,
  from: number,
  to: number,
): AsyncGenerator<PlacedLine> {
  if (from >= to) return;
  const file = await open(path);
  try {
    let size = WINDOW;
    for (let at = from; at < to; ) {
      const window = await readWindow(file, at, Math.min(size, to - at));
      let used = 0;
      for (const { value, end } of decodeLines(window)) {
        yield { value, start: at + used, end: at + end };
        used = end;
      }
      at += used;
      // A line that is longer than a window, or an incomplete one.
      if (used === 0 && at + window.length >= to) return;
      size = used === 0 ? 2 * size : WINDOW;
    }
  } finally {
    await file.close();
  }
}

/**
 * Lines by their start positions. Adjacent ones are read together. The results of a batch lie in several
 * runs of ascending positions, for instance after a retry, so several windows are kept.
 */
export async function* readLinesAt(
  path: string,
  starts: Iterable<number>,
): AsyncGenerator<unknown> {
  const file = await open(path);
  try {
    /** The one that was used last is the last one. */
    const windows: Window[] = [];
    for (const start of starts) {
      const place = windows.findLastIndex((window) => hasLineAt(window, start));
      const window = windows.splice(place, place < 0 ? 0 : 1)[0] ?? (await windowAt(file, start));
      windows.push(window);
      if (windows.length > MAX_WINDOWS) windows.shift();
      const line = firstLine(window.bytes.subarray(start - window.at));
      if (line === undefined) throw new Error(`${path} has no line at ${start}`);
      yield line.value;
    }
  } finally {
    await file.close();
  }
}

/** A part of a file. */
interface Window {
  readonly at: number;
  readonly bytes: Buffer;
}

/** The part of a file that begins at a position, long enough for the line there if there is one. */
async function windowAt(file: FileHandle, at: number): Promise<Window> {
  for (let size = WINDOW; ; size *= 2) {
    const window = { at, bytes: await readWindow(file, at, size) };
    if (window.bytes.length < size || hasLineAt(window, at)) return window;
  }
}

/** Whether a window has the whole line at a position. */
function hasLineAt({ at, bytes }: Window, start: number): boolean {
  return at <= start && bytes.includes(LINE_FEED, start - at);
}

function firstLine(bytes: Uint8Array): { readonly value: unknown } | undefined {
  for (const line of decodeLines(bytes)) return line;
  return undefined;
}

async function readWindow(file: FileHandle, at: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, at);
  return buffer.subarray(0, bytesRead);
}
