import { type FileHandle, open } from "node:fs/promises";
import { decodeLines } from "../jobs/journal-lines.ts";

/** A line of a file: its value, where it starts and where it ends. */
export interface PlacedLine {
  readonly value: unknown;
  readonly start: number;
  readonly end: number;
}

/** Bytes per read. */
const WINDOW = 256 * 1024;

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

/** Lines by their start positions. Adjacent ones are read together. */
export async function* readLinesAt(
  path: string,
  starts: Iterable<number>,
): AsyncGenerator<unknown> {
  const file = await open(path);
  try {
    let window: Buffer = Buffer.alloc(0);
    let at = 0;
    for (const start of starts) {
      const known = start >= at ? firstLine(window.subarray(start - at)) : undefined;
      if (known !== undefined) {
        yield known.value;
        continue;
      }
      at = start;
      let line: ReturnType<typeof firstLine>;
      for (let size = WINDOW; line === undefined; size *= 2) {
        window = await readWindow(file, at, size);
        line = firstLine(window);
        if (line === undefined && window.length < size) break;
      }
      if (line === undefined) throw new Error(`${path} has no line at ${start}`);
      yield line.value;
    }
  } finally {
    await file.close();
  }
}

function firstLine(bytes: Uint8Array): { readonly value: unknown } | undefined {
  for (const line of decodeLines(bytes)) return line;
  return undefined;
}

async function readWindow(file: FileHandle, at: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, at);
  return buffer.subarray(0, bytesRead);
}
