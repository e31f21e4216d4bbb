import { createHash } from "node:crypto";
import {
  InMemoryJob,
  type Job,
  type JobEvent,
  type JobRequest,
  type Jobs,
  jobAccess,
  newJob,
  problemOf,
  type RunJob,
  requireSameRequest,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { type JobHeader, Journal, jobFrom } from "./journal.ts";

export interface DiskJobsOptions {
  readonly path: string;
  readonly run: RunJob;
  /** Milliseconds before the second attempt; doubled for each that follows. */
  readonly retryDelay?: number;
}

export interface DiskJobs extends Jobs {
  /** Stops what runs, which the next process begins again. */
  stop(): Promise<void>;
}

/** Jobs that run at once: they share the device with requests, whose callers wait. */
const MAX_RUNNING = 4;

/** How often a job is begun before it is given up: it may be what ends the process. */
const MAX_ATTEMPTS = 4;

/** Jobs that have ended and are still told about; the oldest go first. */
const MAX_ENDED = 1000;

/** Jobs that wait. */
const MAX_QUEUED = 10_000;

/** What one attempt may take, in milliseconds. */
const ATTEMPT_TIMEOUT = 10 * 60_000;

const RETRY_DELAY = 10_000;

interface Entry {
  readonly request: JobRequest;
  readonly job: InMemoryJob;
}

/** Jobs in this process, with their state on disk: one that has not ended goes on after a restart. */
export async function diskJobs({
  path,
  run,
  retryDelay = RETRY_DELAY,
}: DiskJobsOptions): Promise<DiskJobs> {
  const journal = await Journal.open(path);
  const jobs = new Map<string, InMemoryJob>();
  const queue: Entry[] = [];
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  let isStopped = false;

  function forgetOldest(): void {
    const ended = [...jobs.values()].filter((job) => job.hasEnded).map(({ state }) => state);
    ended.sort((a, b) => (a.updated < b.updated ? -1 : 1));
    for (const { id } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) {
      jobs.delete(id);
      journal.remove(id);
    }
  }

  function begin(): void {
    while (!isStopped && running.size < MAX_RUNNING) {
      const entry = queue.shift();
      if (entry === undefined) return;
      if (entry.job.hasEnded) continue;
      const work = attempt(entry).finally(() => {
        running.delete(work);
        begin();
      });
      running.add(work);
    }
  }

  async function attempt(entry: Entry): Promise<void> {
    const { request, job } = entry;
    const attempts = job.state.attempts + 1;
    job.change("running", { attempts, done: 0 });
    try {
      const deadline = Date.now() + ATTEMPT_TIMEOUT;
      const { signal } = job.stop;
      await run(request, { signal, onEvent: (event) => job.progress(event), deadline });
      if (!job.hasEnded) job.change("succeeded", { done: job.state.total });
    } catch (error) {
      // A job that was stopped with the process is left as one that runs: the next begins it again.
      if (job.hasEnded || isStopped) return;
      const isFinal = error instanceof CosalError && error.isCallerFault;
      if (isFinal || attempts >= MAX_ATTEMPTS) return job.fail(problemOf(error, request.request));
      job.change("queued");
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          queue.push(entry);
          begin();
        },
        retryDelay * 2 ** (attempts - 1),
      );
      timers.add(timer);
    }
  }

  function register(
    { id, fingerprint, request }: JobHeader,
    state: Job,
    events: JobEvent[],
  ): InMemoryJob {
    const onEvent = (event: JobEvent) => {
      journal.append(id, event);
      if (job.hasEnded) forgetOldest();
    };
    const { tenant } = request;
    const job = new InMemoryJob({ tenant, fingerprint, state, events, onEvent });
    jobs.set(id, job);
    return job;
  }

  for (const { header, events } of await journal.read()) {
    const { id, request } = header;
    const job = register(header, jobFrom(events) ?? newJob(id, request), events);
    if (job.hasEnded) continue;
    if (job.state.attempts >= MAX_ATTEMPTS) job.fail(tooManyAttempts(request));
    else queue.push({ request, job });
  }
  queue.sort((a, b) => (a.job.state.created < b.job.state.created ? -1 : 1));
  forgetOldest();
  begin();

  return {
    ...jobAccess(jobs),
    async submit({ request, idempotencyKey }) {
      const { tenant, group, presentation } = request;
      const id =
        idempotencyKey === undefined
          ? crypto.randomUUID()
          : digest([tenant, idempotencyKey]).slice(0, 32);
      const fingerprint = digest([group, presentation]);
      const known = jobs.get(id);
      if (known !== undefined) return requireSameRequest(known, fingerprint);
      if (isStopped || queue.length >= MAX_QUEUED) {
        const message = "No more jobs are taken now.";
        throw new CosalError("backend_unavailable", message, { retryAfter: 60 });
      }
      const header = { id, fingerprint, request };
      const job = register(header, newJob(id, request), []);
      try {
        await journal.create(header);
      } catch (error) {
        jobs.delete(id);
        throw error;
      }
      job.change("queued");
      const { state } = job;
      queue.push({ request, job });
      begin();
      return state;
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

function tooManyAttempts({ request }: JobRequest): ReturnType<typeof problemOf> {
  const message = "The job failed as often as it may be tried.";
  return problemOf(new CosalError("backend_unavailable", message), request);
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
