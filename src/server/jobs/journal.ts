import { readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Job, JobEvent, JobRequest } from "../../app/index.ts";
import { withFile, writeAll } from "../storage/open-file.ts";
import { privateFolder } from "../storage/private-folder.ts";
import { type OnFault, storeError } from "../storage/store-fault.ts";
import { syncFolder } from "../storage/sync-folder.ts";
import { decodeLines, encodeLine } from "./journal-lines.ts";

/** The first line of a job's file. */
export interface JobHeader {
  readonly id: string;
  readonly fingerprint: string;
  readonly request: JobRequest;
}

/** A job as its file tells it. */
export interface JournalEntry {
  readonly header: JobHeader;
  readonly events: JobEvent[];
}

/** A job's file. */
interface JournalFile {
  /** Bytes of its lines that are written. */
  written: number;
  /** Whether something follows them that is none. */
  isTorn: boolean;
  /** Lines that are not. */
  pending: Uint8Array[];
  /** The last of what is to be done with it: one thing at a time. */
  last: Promise<void>;
}

const NAME = /^([0-9a-f-]{32,36})\.journal$/;

/**
 * A file for each job: a line for what was asked, then a line for each event, so that what a process
 * that dies has told is told by the next one too. What a process has not finished writing is cut off
 * when the file is read, and counts as never told. Lines that the disk does not take are written with
 * the next that it does.
 */
export class Journal {
  readonly #path: string;
  readonly #onFault: OnFault;
  readonly #files = new Map<string, JournalFile>();

  private constructor(path: string, onFault: OnFault) {
    this.#path = path;
    this.#onFault = onFault;
  }

  static async open(path: string, onFault: OnFault = () => {}): Promise<Journal> {
    return new Journal(await privateFolder(path), onFault);
  }

  /**
   * Every job that is there, one at a time: what was asked can have a quarter of a megabyte. A file
   * without a first line was promised to nobody, and is removed.
   */
  async *read(): AsyncGenerator<JournalEntry> {
    for (const name of await readdir(this.#path)) {
      const id = NAME.exec(name)?.[1];
      if (id === undefined) continue;
      const entry = await this.#readFile(id).catch((error) => {
        // Left where it is: the next process may be able to read it.
        this.#onFault("read", error);
        return undefined;
      });
      if (entry !== undefined) yield entry;
    }
  }

  /** Bytes of a job's file. */
  sizeOf(id: string): number {
    const file = this.#files.get(id);
    return (file?.written ?? 0) + (file?.pending ?? []).reduce((sum, line) => sum + line.length, 0);
  }

  /**
   * On the disk when it resolves: what was promised to a caller survives the machine's end.
   *
   * @throws CosalError store_full, store_unavailable
   */
  async create(header: JobHeader): Promise<void> {
    const path = this.#file(header.id);
    const line = encodeLine(header);
    try {
      await withFile(path, "wx", async (file) => {
        await writeAll(file, line, 0);
        await file.sync();
      });
      await syncFolder(this.#path);
    } catch (error) {
      this.#onFault("write", error);
      // Not one that was there before.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        await rm(path, { force: true }).catch(() => {});
      }
      throw storeError(error);
    }
    const written = line.length;
    const file = { written, isTorn: false, pending: [], last: Promise.resolve() };
    this.#files.set(header.id, file);
  }

  /**
   * What was asked.
   *
   * @throws CosalError store_unavailable
   */
  async header(id: string): Promise<JobHeader> {
    try {
      const [first] = decodeLines(await readFile(this.#file(id)));
      if (first !== undefined) return first.value as JobHeader;
      this.#onFault("damaged");
    } catch (error) {
      this.#onFault("read", error);
      throw storeError(error);
    }
    throw storeError(new Error(`The journal of ${id} has no first line.`));
  }

  append(id: string, event: JobEvent): void {
    this.#files.get(id)?.pending.push(encodeLine(event));
    this.#serialize(id, (file) => this.#writePending(id, file));
  }

  /** Resolves when all that was appended is on the disk, or could not be written. */
  async sync(id: string): Promise<void> {
    this.#serialize(id, async (file) => {
      await this.#writePending(id, file);
      await withFile(this.#file(id), "r+", (handle) => handle.sync());
    });
    await this.#files.get(id)?.last;
  }

  remove(id: string): void {
    this.#serialize(id, () => rm(this.#file(id), { force: true }), "delete");
    this.#files.delete(id);
  }

  /** When everything has been written. */
  async settled(): Promise<void> {
    await Promise.all(Array.from(this.#files.values(), ({ last }) => last));
  }

  async #readFile(id: string): Promise<JournalEntry | undefined> {
    const path = this.#file(id);
    const bytes = await readFile(path);
    const [first, ...rest] = decodeLines(bytes);
    if (first === undefined) {
      this.#onFault("damaged");
      await rm(path, { force: true });
      return undefined;
    }
    const events = rest.map(({ value }) => value as JobEvent);
    // Numbers go up by one, or something is missing.
    const gap = events.findIndex(({ number }, i) => number !== i + 1);
    const count = gap < 0 ? events.length : gap;
    const written = (count === 0 ? first : rest[count - 1])?.end ?? 0;
    const isTorn = written < bytes.length;
    if (isTorn) this.#onFault("torn");
    this.#files.set(id, { written, isTorn, pending: [], last: Promise.resolve() });
    this.#serialize(id, (file) => this.#cut(id, file));
    return { header: first.value as JobHeader, events: events.slice(0, count) };
  }

  /** At its place, so that a line of which a part was written is written over. */
  async #writePending(id: string, file: JournalFile): Promise<void> {
    const lines = file.pending.slice();
    if (lines.length === 0) return;
    await this.#cut(id, file);
    const bytes = Buffer.concat(lines);
    await withFile(this.#file(id), "r+", (handle) => writeAll(handle, bytes, file.written));
    file.written += bytes.length;
    file.pending.splice(0, lines.length);
  }

  /** The next line would be glued to what was left unfinished. */
  async #cut(id: string, file: JournalFile): Promise<void> {
    if (file.isTorn) await truncate(this.#file(id), file.written);
    file.isTorn = false;
  }

  #serialize(
    id: string,
    work: (file: JournalFile) => Promise<void>,
    fault: "write" | "delete" = "write",
  ): void {
    const file = this.#files.get(id);
    if (file === undefined) return;
    file.last = file.last
      .then(() => work(file))
      .catch((error) => {
        this.#onFault(fault, error);
      });
  }

  #file(id: string): string {
    return join(this.#path, `${id}.journal`);
  }
}

/** What is known of a job from its events. */
export function jobFrom(events: readonly JobEvent[]): Job | undefined {
  let job: Job | undefined;
  for (const { event } of events) {
    if (event.event === "job") job = event.data;
    if (event.event === "image" && job !== undefined) job = { ...job, done: job.done + 1 };
  }
  return job;
}
