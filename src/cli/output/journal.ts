import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
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

/**
 * What is done of a set, a line for each mask, written as it is done: an interrupted call goes on
 * where it stopped. The first line says what the masks depend on beside their photographs (model,
 * consensus, forms); a journal that begins otherwise is begun anew.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  /** Where each photograph's line begins: the last one counts. */
  readonly #places: Map<string, number>;
  #end: number;

  private constructor(path: string, file: FileHandle, places: Map<string, number>, end: number) {
    this.#path = path;
    this.#file = file;
    this.#places = places;
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
    return new Journal(path, await open(path, "r+"), found.places, found.end);
  }

  /** The entry of a photograph, if its mask is done and all files are still there. */
  async find(photograph: string, folder: string, source: string): Promise<MaskEntry | undefined> {
    const place = this.#places.get(photograph);
    if (place === undefined) return undefined;
    const entry = await this.#entryAt(place);
    const now = await stat(source).catch(() => undefined);
    if (now?.size !== entry.bytes || now.mtimeMs !== entry.modified) return undefined;
    for (const file of Object.values(entry.files)) {
      if ((await stat(join(folder, file)).catch(() => undefined)) === undefined) return undefined;
    }
    return entry;
  }

  async add(entry: MaskEntry): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    const place = this.#end;
    this.#end += line.length;
    await this.#file.write(line, 0, line.length, place);
    this.#places.set(entry.photograph, place);
  }

  /** Every entry once, in the order of `photographs`. */
  async *entries(photographs: Iterable<{ readonly name: string }>): AsyncGenerator<MaskEntry> {
    for (const { name } of photographs) {
      const place = this.#places.get(name);
      if (place !== undefined) yield await this.#entryAt(place);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #entryAt(place: number): Promise<MaskEntry> {
    const lines = createReadStream(this.#path, { start: place, encoding: "utf8" });
    for await (const line of createInterface({ input: lines })) {
      lines.destroy();
      return JSON.parse(line);
    }
    throw new Error(`${this.#path} has no line at ${place}.`);
  }
}

async function read(
  path: string,
  header: string,
): Promise<{ places: Map<string, number>; end: number } | undefined> {
  if ((await stat(path).catch(() => undefined)) === undefined) return undefined;
  const places = new Map<string, number>();
  let place = 0;
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8" })) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (place === 0 && `${line}\n` !== header) return undefined;
      if (place > 0) places.set((JSON.parse(line) as MaskEntry).photograph, place);
      place += Buffer.byteLength(line) + 1;
    }
  }
  return place === 0 ? undefined : { places, end: place };
}
