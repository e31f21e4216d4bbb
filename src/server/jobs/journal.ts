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

/** A job as it was read from its file. */
export interface JournalEntry {
  readonly header: JobHeader;
  readonly events: JobEvent[];
}

/** A job's file. */
interface JournalFile {
  /** Bytes of the lines that have been written. */
  written: number;
  /** Whether an incomplete line follows them. */
  isTorn: boolean;
  /** Lines that have not been written. */
  pending: Uint8Array[];
  /** The last operation on the file. Operations run one after the other. */
  last: Promise<void>;
}

const NAME = /^([0-9a-f-]{32,36})\.journal$/;

/**
 * A file for each job: a line with the request, then a line for each event. After a crash, the next
 * process gives the same events. An incomplete last line is cut off when the file is read: that event
 * was never sent. Lines that cannot be written are written together with the next line.
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
   * Reads every job, one at a time, since a request can have a quarter of a megabyte. A file without
   * a first line belongs to a job that was never accepted, and is removed.
   */
  async *read(): AsyncGenerator<JournalEntry> {
    for (const name of await readdir(this.#path)) {
      const id = NAME.exec(name)?.[1];
      if (id === undefined) continue;
      const entry = await this.#readFile(id).catch((error) => {
        // The file stays: the next process may be able to read it.
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
   * Resolves when the job is on the disk, so that an accepted job survives a power failure.
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
      // Only a file that this call has created.
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
   * Reads a job's request.
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

  /** Resolves when everything appended is on the disk or could not be written. */
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

  /** Resolves when everything has been written. */
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

  /** Writes at the end of the last complete line, so that an incomplete one is overwritten. */
  async #writePending(id: string, file: JournalFile): Promise<void> {
    const lines = file.pending.slice();
    if (lines.length === 0) return;
    await this.#cut(id, file);
    const bytes = Buffer.concat(lines);
    await withFile(this.#file(id), "r+", (handle) => writeAll(handle, bytes, file.written));
    file.written += bytes.length;
    file.pending.splice(0, lines.length);
  }

  /** Cuts off an incomplete line. The next line would be appended to it. */
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

/** The state of a job after its events. */
export function jobFrom(events: readonly JobEvent[]): Job | undefined {
  let job: Job | undefined;
  for (const { event } of events) {
    if (event.event === "job") job = event.data;
    if (event.event === "image" && job !== undefined) job = { ...job, done: job.done + 1 };
  }
  return job;
}
