import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { MaskFacts } from "../engine/task.ts";

/** A photograph's mask as the journal and the manifest keep it. */
export interface MaskEntry extends MaskFacts {
  readonly photograph: string;
  readonly presence: number;
  /** Files below the output folder, by form. */
  readonly files: Readonly<Record<string, string>>;
  /** The photograph's file when it was masked: what has changed is done again. */
  readonly bytes: number;
  readonly modified: number;
}

const FILE = ".cosal-journal.jsonl";

/** Where a line is in the file, in bytes. */
interface Line {
  readonly start: number;
  readonly length: number;
}

/**
 * What is done of a set, a line for each mask, written as it is done: an interrupted call goes on
 * where it stopped. The first line says what the masks depend on beside their photographs (model,
 * consensus, forms); a journal that begins otherwise is begun anew.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  /** Each photograph's line: the last one counts. */
  readonly #lines: Map<string, Line>;
  #end: number;

  private constructor(path: string, file: FileHandle, lines: Map<string, Line>, end: number) {
    this.#path = path;
    this.#file = file;
    this.#lines = lines;
    this.#end = end;
  }

  /** @param key what the masks depend on */
  static async open(folder: string, key: string, force: boolean): Promise<Journal> {
    await mkdir(folder, { recursive: true });
    const path = join(folder, FILE);
    const header = `${JSON.stringify({ journal: 1, key })}\n`;
    const found = force ? undefined : await read(path, header);
    if (found === undefined) {
      const file = await open(path, "w+");
      await file.write(header);
      return new Journal(path, file, new Map(), Buffer.byteLength(header));
    }
    // A line that a crash has cut is written over.
    await truncate(path, found.end);
    return new Journal(path, await open(path, "r+"), found.lines, found.end);
  }

  /** The entry of a photograph, if its mask is done and all files are still there. */
  async find(photograph: string, folder: string, source: string): Promise<MaskEntry | undefined> {
    const line = this.#lines.get(photograph);
    if (line === undefined) return undefined;
    const entry = await entryAt(this.#file, line);
    const now = await stat(source).catch(() => undefined);
    if (now?.size !== entry.bytes || now.mtimeMs !== entry.modified) return undefined;
    for (const file of Object.values(entry.files)) {
      if ((await stat(join(folder, file)).catch(() => undefined)) === undefined) return undefined;
    }
    return entry;
  }

  async add(entry: MaskEntry): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    const [start, { length }] = [this.#end, line];
    this.#end += length;
    await this.#file.write(line, 0, length, start);
    this.#lines.set(entry.photograph, { start, length });
  }

  /** Every entry once, in the order of `photographs`. The journal may be closed. */
  async *entries(photographs: Iterable<{ readonly name: string }>): AsyncGenerator<MaskEntry> {
    await using file = await open(this.#path);
    for (const { name } of photographs) {
      const line = this.#lines.get(name);
      if (line !== undefined) yield await entryAt(file, line);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

async function entryAt(file: FileHandle, { start, length }: Line): Promise<MaskEntry> {
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, start);
  return JSON.parse(buffer.toString());
}

async function read(
  path: string,
  header: string,
): Promise<{ lines: Map<string, Line>; end: number } | undefined> {
  if ((await stat(path).catch(() => undefined)) === undefined) return undefined;
  const found = new Map<string, Line>();
  let start = 0;
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8" })) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const length = Buffer.byteLength(line) + 1;
      if (start === 0 && `${line}\n` !== header) return undefined;
      if (start > 0) found.set((JSON.parse(line) as MaskEntry).photograph, { start, length });
      start += length;
    }
  }
  return start === 0 ? undefined : { lines: found, end: start };
}
