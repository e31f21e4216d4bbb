import { CosalError } from "../../errors.ts";
import type { GroupEvent } from "../representation/events.ts";
import type { Job, JobEvent, JobRequest, JobStatus, Jobs } from "./types.ts";

export interface InMemoryJobOptions {
  readonly tenant: string;
  /** SHA-256 of the request. An idempotency key is valid for one request only. */
  readonly fingerprint: string;
  readonly state: Job;
  /** Events emitted before. */
  readonly events?: JobEvent[];
  /** Called with each event emitted from now on. */
  readonly onEvent?: (event: JobEvent) => void;
}

/** A job in this process: its state, its events so far, and the readers that follow it. */
export class InMemoryJob {
  readonly tenant: string;
  readonly fingerprint: string;
  readonly stop = new AbortController();
  #state: Job;
  readonly #events: JobEvent[];
  readonly #onEvent: (event: JobEvent) => void;
  /** Wakes readers that wait for the next event. */
  readonly #waiting = new Set<() => void>();

  constructor({ tenant, fingerprint, state, events = [], onEvent = () => {} }: InMemoryJobOptions) {
    this.tenant = tenant;
    this.fingerprint = fingerprint;
    this.#state = state;
    this.#events = events;
    this.#onEvent = onEvent;
  }

  get state(): Job {
    return this.#state;
  }

  get hasEnded(): boolean {
    return this.#state.status !== "queued" && this.#state.status !== "running";
  }

  change(status: JobStatus, rest: Partial<Job> = {}): void {
    this.#state = { ...this.#state, ...rest, status, updated: new Date().toISOString() };
    this.emit({ event: "job", data: this.#state });
  }

  fail(problem: NonNullable<Job["problem"]>): void {
    this.emit({ event: "error", data: problem });
    this.change("failed", { problem });
  }

  /** Emits an event of the computation, unless the job has ended. */
  progress(event: GroupEvent): void {
    if (this.hasEnded) return;
    if (event.event === "image") this.#state = { ...this.#state, done: this.#state.done + 1 };
    this.emit(event);
  }

  emit(event: JobEvent["event"]): void {
    const numbered = { number: this.#events.length + 1, event };
    this.#events.push(numbered);
    this.#onEvent(numbered);
    for (const wake of [...this.#waiting]) wake();
  }

  cancel(): void {
    if (this.hasEnded) return;
    this.change("cancelled");
    this.stop.abort(new Error("the job was cancelled"));
  }

  /** Yields the events after a number, including future ones, until the job has ended. */
  async *follow(after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
    let next = Math.max(0, after);
    while (!signal.aborted) {
      while (next < this.#events.length) yield this.#events[next++] as JobEvent;
      if (this.hasEnded) return;
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

/** The methods of `Jobs` except `submit`, for jobs in this process. Other tenants' jobs are not found. */
export function jobAccess(jobs: ReadonlyMap<string, InMemoryJob>): Omit<Jobs, "submit"> {
  const find = (tenant: string, id: string) => {
    const job = jobs.get(id);
    return job?.tenant === tenant ? job : undefined;
  };
  return {
    async get(tenant, id) {
      return find(tenant, id)?.state;
    },
    async events(tenant, id, after, signal) {
      return find(tenant, id)?.follow(after, signal);
    },
    async cancel(tenant, id) {
      const job = find(tenant, id);
      job?.cancel();
      return job?.state;
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
export function requireSameRequest(job: InMemoryJob, fingerprint: string): Job {
  if (job.fingerprint === fingerprint) return job.state;
  const message = "This Idempotency-Key was used for another request. Use a new one.";
  throw new CosalError("idempotency_mismatch", message);
}
