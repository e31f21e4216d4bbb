import { CosalError } from "../../errors.ts";
import type { GroupEvent } from "../representation/events.ts";
import type { Job, JobEvent, JobRequest, JobStatus, Jobs } from "./types.ts";

export interface HeldJobOptions {
  readonly tenant: string;
  /** Names the request: an idempotency key is for one request only. */
  readonly fingerprint: string;
  readonly job: Job;
  /** What was told of the job before. */
  readonly events?: JobEvent[];
  /** Called with every event that is told from now on. */
  readonly onTold?: (event: JobEvent) => void;
}

/** A job in this process: its state, every event that was told of it, and those who follow it. */
export class HeldJob {
  readonly tenant: string;
  readonly fingerprint: string;
  readonly stop = new AbortController();
  #job: Job;
  readonly #events: JobEvent[];
  readonly #onTold: (event: JobEvent) => void;
  /** Wakes readers that wait for the next event. */
  readonly #waiting = new Set<() => void>();

  constructor({ tenant, fingerprint, job, events = [], onTold = () => {} }: HeldJobOptions) {
    this.tenant = tenant;
    this.fingerprint = fingerprint;
    this.#job = job;
    this.#events = events;
    this.#onTold = onTold;
  }

  get job(): Job {
    return this.#job;
  }

  get isOver(): boolean {
    return this.#job.status !== "queued" && this.#job.status !== "running";
  }

  change(status: JobStatus, rest: Partial<Job> = {}): void {
    this.#job = { ...this.#job, ...rest, status, updated: new Date().toISOString() };
    this.tell({ event: "job", data: this.#job });
  }

  fail(problem: NonNullable<Job["problem"]>): void {
    this.tell({ event: "error", data: problem });
    this.change("failed", { problem });
  }

  /** What the computation tells: nothing of it counts once the job is over. */
  progress(event: GroupEvent): void {
    if (this.isOver) return;
    if (event.event === "image") this.#job = { ...this.#job, done: this.#job.done + 1 };
    this.tell(event);
  }

  tell(event: JobEvent["event"]): void {
    const numbered = { number: this.#events.length + 1, event };
    this.#events.push(numbered);
    this.#onTold(numbered);
    for (const wake of [...this.#waiting]) wake();
  }

  cancel(): void {
    if (this.isOver) return;
    this.change("cancelled");
    this.stop.abort(new Error("the job was cancelled"));
  }

  /** Events after a number, those to come included, until the job is over. */
  async *follow(after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
    let next = Math.max(0, after);
    while (!signal.aborted) {
      while (next < this.#events.length) yield this.#events[next++] as JobEvent;
      if (this.isOver) return;
      await this.#next(signal);
    }
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

/** All of `Jobs` but `submit`, over jobs in this process. Another tenant's job is not found. */
export function accessTo(jobs: ReadonlyMap<string, HeldJob>): Omit<Jobs, "submit"> {
  const find = (tenant: string, id: string) => {
    const held = jobs.get(id);
    return held?.tenant === tenant ? held : undefined;
  };
  return {
    async get(tenant, id) {
      return find(tenant, id)?.job;
    },
    async events(tenant, id, after, signal) {
      return find(tenant, id)?.follow(after, signal);
    },
    async cancel(tenant, id) {
      const held = find(tenant, id);
      held?.cancel();
      return held?.job;
    },
  };
}

/** The state of a job that was just submitted. */
export function newJob(id: string, { group, images }: JobRequest): Job {
  const now = new Date().toISOString();
  const counts = { attempts: 0, done: 0, total: images.length };
  return { id, status: "queued", group, created: now, updated: now, ...counts };
}

/** @throws CosalError idempotency_mismatch when the job of this key was for another request */
export function sameRequest(held: HeldJob, fingerprint: string): Job {
  if (held.fingerprint === fingerprint) return held.job;
  const message = "This Idempotency-Key was used for another request. Take a new one.";
  throw new CosalError("idempotency_mismatch", message);
}
