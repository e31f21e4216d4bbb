import { appendFile, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Job, JobEvent, JobRequest } from "../../app/index.ts";

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

const FILE = /^[0-9a-f-]{32,36}\.jsonl$/;

/**
 * A file for each job: a line for what was asked, then a line for each event, so that what a process
 * that dies has told is told by the next one too. A last line that was not finished never was.
 */
export class Journal {
  readonly #path: string;
  /** Writes go in turn, file by file. */
  readonly #writes = new Map<string, Promise<void>>();

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(path: string): Promise<Journal> {
    await mkdir(path, { recursive: true });
    return new Journal(path);
  }

  /** Every job that can be read; the others are removed. */
  async read(): Promise<JournalEntry[]> {
    const jobs: JournalEntry[] = [];
    for (const name of await readdir(this.#path)) {
      if (!FILE.test(name)) continue;
      const entry = parse(await readFile(join(this.#path, name), "utf8"));
      if (entry !== undefined) jobs.push(entry);
      else await rm(join(this.#path, name), { force: true });
    }
    return jobs;
  }

  /** On the disk when it resolves: what was promised to a caller survives the machine's end. */
  async create(header: JobHeader): Promise<void> {
    const file = await open(this.#file(header.id), "w");
    try {
      await file.writeFile(`${JSON.stringify(header)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  append(id: string, event: JobEvent): void {
    this.#serialize(id, () => appendFile(this.#file(id), `${JSON.stringify(event)}\n`));
  }

  remove(id: string): void {
    this.#serialize(id, () => rm(this.#file(id), { force: true }));
  }

  /** When everything has been written. */
  async settled(): Promise<void> {
    await Promise.all(this.#writes.values());
  }

  /** A write that fails costs the next process an event, not this one the job. */
  #serialize(id: string, write: () => Promise<void>): void {
    const last = this.#writes.get(id) ?? Promise.resolve();
    const next = last.then(write).catch(() => {});
    this.#writes.set(id, next);
    next.then(() => {
      if (this.#writes.get(id) === next) this.#writes.delete(id);
    });
  }

  #file(id: string): string {
    return join(this.#path, `${id}.jsonl`);
  }
}

function parse(text: string): JournalEntry | undefined {
  const [first, ...rest] = text.split("\n").slice(0, -1);
  try {
    const header = JSON.parse(first ?? "") as JobHeader;
    return { header, events: rest.map((line) => JSON.parse(line) as JobEvent) };
  } catch {
    return undefined;
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
