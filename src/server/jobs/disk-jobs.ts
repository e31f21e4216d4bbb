import { createHash } from "node:crypto";
import {
  accessTo,
  HeldJob,
  type Job,
  type JobEvent,
  type JobRequest,
  type Jobs,
  newJob,
  problemOf,
  type RunJob,
  sameRequest,
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
  readonly request: JobRequest;
  readonly held: HeldJob;
}

/** Jobs in this process, with their state on disk: one that has not ended goes on after a restart. */
export async function diskJobs({ path, run, pause = PAUSE }: DiskJobsOptions): Promise<DiskJobs> {
  const journal = await Journal.open(path);
  const jobs = new Map<string, HeldJob>();
  const line: Kept[] = [];
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  let isStopped = false;

  function forgetOldest(): void {
    const ended = [...jobs.values()].filter((held) => held.isOver).map(({ job }) => job);
    ended.sort((a, b) => (a.updated < b.updated ? -1 : 1));
    for (const { id } of ended.slice(0, Math.max(0, ended.length - ENDED))) {
      jobs.delete(id);
      journal.remove(id);
    }
  }

  function begin(): void {
    while (!isStopped && running.size < AT_ONCE) {
      const kept = line.shift();
      if (kept === undefined) return;
      if (kept.held.isOver) continue;
      const work = attempt(kept).finally(() => {
        running.delete(work);
        begin();
      });
      running.add(work);
    }
  }

  async function attempt(kept: Kept): Promise<void> {
    const { request, held } = kept;
    const attempts = held.job.attempts + 1;
    held.change("running", { attempts, done: 0 });
    try {
      const deadline = Date.now() + LONGEST;
      const { signal } = held.stop;
      await run(request, { signal, onEvent: (event) => held.progress(event), deadline });
      if (!held.isOver) held.change("succeeded", { done: held.job.total });
    } catch (error) {
      // A job that was stopped with the process is left as one that runs: the next begins it again.
      if (held.isOver || isStopped) return;
      const isFinal = error instanceof CosalError && error.isCallerFault;
      if (isFinal || attempts >= MOST_ATTEMPTS) return held.fail(problemOf(error, request.request));
      held.change("queued");
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

  function hold({ id, fingerprint, request }: Opening, job: Job, events: JobEvent[]): HeldJob {
    const onTold = (told: JobEvent) => {
      journal.append(id, told);
      if (held.isOver) forgetOldest();
    };
    const { tenant } = request;
    const held = new HeldJob({ tenant, fingerprint, job, events, onTold });
    jobs.set(id, held);
    return held;
  }

  for (const { opening, events } of await journal.read()) {
    const { id, request } = opening;
    const held = hold(opening, jobFrom(events) ?? newJob(id, request), events);
    if (held.isOver) continue;
    if (held.job.attempts >= MOST_ATTEMPTS) held.fail(deadProblem(request));
    else line.push({ request, held });
  }
  line.sort((a, b) => (a.held.job.created < b.held.job.created ? -1 : 1));
  forgetOldest();
  begin();

  return {
    ...accessTo(jobs),
    async submit({ request, idempotencyKey }) {
      const { tenant, group, presentation } = request;
      const id =
        idempotencyKey === undefined
          ? crypto.randomUUID()
          : digest([tenant, idempotencyKey]).slice(0, 32);
      const fingerprint = digest([group, presentation]);
      const known = jobs.get(id);
      if (known !== undefined) return sameRequest(known, fingerprint);
      if (isStopped || line.length >= WAITING) {
        const message = "No more jobs are taken now.";
        throw new CosalError("backend_unavailable", message, { retryAfter: 60 });
      }
      const opening = { id, fingerprint, request };
      const held = hold(opening, newJob(id, request), []);
      try {
        await journal.create(opening);
      } catch (error) {
        jobs.delete(id);
        throw error;
      }
      held.change("queued");
      const { job } = held;
      line.push({ request, held });
      begin();
      return job;
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

function deadProblem({ request }: JobRequest): ReturnType<typeof problemOf> {
  const message = "The job failed as often as it may be tried.";
  return problemOf(new CosalError("backend_unavailable", message), request);
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
