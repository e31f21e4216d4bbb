import { createHash } from "node:crypto";
import {
  type GroupEvent,
  type Job,
  type JobEvent,
  type JobRequest,
  type JobStatus,
  type Jobs,
  problemOf,
  type RunJob,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { Journal, jobFrom, type Opening } from "./journal.ts";

export interface DiskJobsOptions {
  readonly path: string;
  readonly run: RunJob;
  /** Milliseconds before the second attempt; doubled for each that follows. */
  readonly pause?: number;
}

export interface DiskJobs extends Jobs {
  /** Stops what runs, which the next process begins again. */
  stop(): Promise<void>;
}

/** Jobs that run at once: they share the device with requests, whose callers wait. */
const AT_ONCE = 4;

/** How often a job is begun before it is given up: it may be what ends the process. */
const MOST_ATTEMPTS = 4;

/** Jobs that have ended and are still told about; the oldest go first. */
const ENDED = 1000;

/** Jobs that wait. */
const WAITING = 10_000;

/** What one attempt may take, in milliseconds. */
const LONGEST = 10 * 60_000;

const PAUSE = 10_000;

interface Kept {
  readonly opening: Opening;
  job: Job;
  readonly events: JobEvent[];
  readonly stop: AbortController;
  /** Readers that wait for the next event. */
  readonly readers: Set<() => void>;
}

/** Jobs in this process, with their state on disk: one that has not ended goes on after a restart. */
export async function diskJobs({ path, run, pause = PAUSE }: DiskJobsOptions): Promise<DiskJobs> {
  const journal = await Journal.open(path);
  const jobs = new Map<string, Kept>();
  const line: Kept[] = [];
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  let isStopped = false;

  function tell(kept: Kept, event: JobEvent["event"]): void {
    const numbered = { number: kept.events.length + 1, event };
    kept.events.push(numbered);
    journal.append(kept.opening.id, numbered);
    for (const wake of [...kept.readers]) wake();
  }

  function change(kept: Kept, status: JobStatus, rest: Partial<Job> = {}): void {
    kept.job = { ...kept.job, ...rest, status, updated: new Date().toISOString() };
    tell(kept, { event: "job", data: kept.job });
    if (isOver(kept.job)) forgetOldest();
  }

  function forgetOldest(): void {
    const ended = [...jobs.values()].filter(({ job }) => isOver(job));
    ended.sort((a, b) => (a.job.updated < b.job.updated ? -1 : 1));
    for (const { opening } of ended.slice(0, Math.max(0, ended.length - ENDED))) {
      jobs.delete(opening.id);
      journal.remove(opening.id);
    }
  }

  function begin(): void {
    while (!isStopped && running.size < AT_ONCE) {
      const kept = line.shift();
      if (kept === undefined) return;
      if (isOver(kept.job)) continue;
      const work = attempt(kept).finally(() => {
        running.delete(work);
        begin();
      });
      running.add(work);
    }
  }

  async function attempt(kept: Kept): Promise<void> {
    const { request } = kept.opening;
    const attempts = kept.job.attempts + 1;
    change(kept, "running", { attempts, done: 0 });
    const onEvent = (event: GroupEvent) => {
      if (isOver(kept.job)) return;
      if (event.event === "image") kept.job = { ...kept.job, done: kept.job.done + 1 };
      tell(kept, event);
    };
    try {
      const deadline = Date.now() + LONGEST;
      await run(request, { signal: kept.stop.signal, onEvent, deadline });
      if (!isOver(kept.job)) change(kept, "succeeded", { done: kept.job.total });
    } catch (error) {
      // A job that was stopped with the process is left as one that runs: the next begins it again.
      if (isOver(kept.job) || isStopped) return;
      const isFinal = error instanceof CosalError && error.isCallerFault;
      if (isFinal || attempts >= MOST_ATTEMPTS)
        return fail(kept, problemOf(error, request.request));
      change(kept, "queued");
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          line.push(kept);
          begin();
        },
        pause * 2 ** (attempts - 1),
      );
      timers.add(timer);
    }
  }

  function fail(kept: Kept, problem: ReturnType<typeof problemOf>): void {
    tell(kept, { event: "error", data: problem });
    change(kept, "failed", { problem });
  }

  const find = (tenant: string, id: string) => {
    const kept = jobs.get(id);
    return kept?.opening.request.tenant === tenant ? kept : undefined;
  };

  function keep(opening: Opening, job: Job, events: JobEvent[]): Kept {
    const kept = {
      opening,
      job,
      events,
      stop: new AbortController(),
      readers: new Set<() => void>(),
    };
    jobs.set(opening.id, kept);
    return kept;
  }

  for (const { opening, events } of await journal.read()) {
    const job = jobFrom(events) ?? newJob(opening);
    const kept = keep(opening, job, events);
    if (isOver(job)) continue;
    if (job.attempts >= MOST_ATTEMPTS) fail(kept, deadProblem(opening.request));
    else line.push(kept);
  }
  line.sort((a, b) => (a.job.created < b.job.created ? -1 : 1));
  forgetOldest();
  begin();

  return {
    async submit({ request, idempotencyKey }) {
      const { tenant, group, presentation } = request;
      const id =
        idempotencyKey === undefined
          ? crypto.randomUUID()
          : digest([tenant, idempotencyKey]).slice(0, 32);
      const fingerprint = digest([group, presentation]);
      const known = jobs.get(id);
      if (known?.opening.fingerprint === fingerprint) return known.job;
      if (known !== undefined) {
        const message = "This Idempotency-Key was used for another request. Take a new one.";
        throw new CosalError("idempotency_mismatch", message);
      }
      if (isStopped || line.length >= WAITING) {
        const message = "No more jobs are taken now.";
        throw new CosalError("backend_unavailable", message, { retryAfter: 60 });
      }
      const opening = { id, fingerprint, request };
      const kept = keep(opening, newJob(opening), []);
      try {
        await journal.create(opening);
      } catch (error) {
        jobs.delete(id);
        throw error;
      }
      change(kept, "queued");
      const { job } = kept;
      line.push(kept);
      begin();
      return job;
    },
    async get(tenant, id) {
      return find(tenant, id)?.job;
    },
    async events(tenant, id, after, signal) {
      const kept = find(tenant, id);
      return kept && follow(kept, after, signal);
    },
    async cancel(tenant, id) {
      const kept = find(tenant, id);
      if (kept === undefined || isOver(kept.job)) return kept?.job;
      change(kept, "cancelled");
      kept.stop.abort(new Error("the job was cancelled"));
      return kept.job;
    },
    async stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      for (const { stop } of jobs.values()) stop.abort(new Error("the server is stopping"));
      await Promise.all(running);
      await journal.settled();
    },
  };
}

async function* follow(kept: Kept, after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
  let next = Math.max(0, after);
  while (!signal.aborted) {
    while (next < kept.events.length) yield kept.events[next++] as JobEvent;
    if (isOver(kept.job)) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        kept.readers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      kept.readers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

function newJob({ id, request }: Opening): Job {
  const now = new Date().toISOString();
  const { group, images } = request;
  const counts = { attempts: 0, done: 0, total: images.length };
  return { id, status: "queued", group, created: now, updated: now, ...counts };
}

function deadProblem({ request }: JobRequest): ReturnType<typeof problemOf> {
  const message = "The job failed as often as it may be tried.";
  return problemOf(new CosalError("backend_unavailable", message), request);
}

function isOver({ status }: Job): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
