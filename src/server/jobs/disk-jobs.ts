import { createHash } from "node:crypto";
import {
  InMemoryJob,
  type JobEvent,
  JobQueue,
  type Jobs,
  jobAccess,
  newJob,
  problemOf,
  type RunJob,
  requireSameRequest,
  tooManyAttempts,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import type { OnFault } from "../storage/store-fault.ts";
import { JobQuota } from "./job-quota.ts";
import { type JobHeader, Journal, jobFrom } from "./journal.ts";
import { encodeLine } from "./journal-lines.ts";

export interface DiskJobsOptions {
  readonly path: string;
  readonly run: RunJob;
  /** Maximum bytes of all journals together. */
  readonly bytes: number;
  readonly onFault?: OnFault;
  /** Maximum number of jobs that run at once. They share the device with requests, whose callers wait. */
  readonly running?: number | undefined;
  /** Milliseconds before the second attempt; doubled for each that follows. */
  readonly retryDelay?: number;
}

export interface DiskJobs extends Jobs {
  /** Bytes of all journals together. */
  readonly size: number;
  /** Stops running jobs. The next process starts them again. */
  stop(): Promise<void>;
}

interface QueuedJob {
  readonly job: InMemoryJob;
  readonly urgency: number | undefined;
}

const MAX_RUNNING = 4;

/** Maximum starts of a job. A job may be what crashes the process. */
const MAX_ATTEMPTS = 4;

/** Maximum number of ended jobs whose state is kept. */
const MAX_ENDED = 1000;

/** Maximum number of jobs that have not ended. */
const MAX_UNFINISHED = 10_000;

/** Maximum time of one attempt in milliseconds. */
const ATTEMPT_TIMEOUT = 10 * 60_000;

const RETRY_DELAY = 10_000;

/**
 * Jobs in this process, with their state on disk. A job that has not ended continues after a restart.
 * Until a job starts, its request is kept on disk only, since seeds can be large.
 */
export async function diskJobs({
  path,
  run,
  bytes,
  onFault,
  running: limit = MAX_RUNNING,
  retryDelay = RETRY_DELAY,
}: DiskJobsOptions): Promise<DiskJobs> {
  const journal = await Journal.open(path, onFault);
  const quota = new JobQuota({ bytes, unfinished: MAX_UNFINISHED });
  const jobs = new Map<string, InMemoryJob>();
  /** Ended jobs, the oldest first. */
  const ended = new Map<string, InMemoryJob>();
  /** Jobs that are not on the disk yet. */
  const creating = new Map<string, Promise<void>>();
  const queue = new JobQueue<QueuedJob>();
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  let isStopped = false;

  /** Forgets the oldest ended job of a tenant, or of all tenants. @returns whether there was one */
  function forgetOldest(tenant?: string): boolean {
    const job = ended.values().find((one) => tenant === undefined || one.tenant === tenant);
    if (job === undefined) return false;
    const { id } = job.state;
    quota.add(job.tenant, { bytes: -journal.sizeOf(id) });
    ended.delete(id);
    jobs.delete(id);
    journal.remove(id);
    return true;
  }

  /** Starts with the tenant that uses most, so that nobody's jobs displace those of others. */
  function forgetSome(): boolean {
    return forgetOldest(quota.largest) || forgetOldest();
  }

  /** @throws CosalError backend_unavailable */
  function makeRoom(tenant: string, size: number): void {
    for (;;) {
      const exceeded = quota.exceededBy(tenant, size);
      if (exceeded === undefined) return;
      if (exceeded === "tenant" ? forgetOldest(tenant) : forgetSome()) continue;
      const message =
        exceeded === "tenant"
          ? "The tenant has too many waiting jobs. Send this one when some have ended."
          : "The queue of jobs is full.";
      throw new CosalError("backend_unavailable", message, { retryAfter: 60 });
    }
  }

  function begin(): void {
    while (!isStopped && running.size < limit) {
      const next = queue.next();
      if (next === undefined) return;
      if (next.job.hasEnded) continue;
      const work = attempt(next).finally(() => {
        running.delete(work);
        begin();
      });
      running.add(work);
    }
  }

  /** @param delay milliseconds before the job is in the queue; `begin` starts it if there is none */
  function enqueue(queued: QueuedJob, delay: number): void {
    if (delay <= 0) {
      queue.add(queued, queued.urgency);
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      queue.add(queued, queued.urgency);
      begin();
    }, delay);
    timers.add(timer);
  }

  async function attempt(queued: QueuedJob): Promise<void> {
    const { job } = queued;
    const { id } = job.state;
    const attempts = job.state.attempts + 1;
    job.change("running", { attempts, done: 0 });
    let problemId = id;
    try {
      const { request } = await journal.header(id);
      problemId = request.request;
      const deadline = Date.now() + ATTEMPT_TIMEOUT;
      const { signal } = job.stop;
      signal.throwIfAborted();
      await run(request, { signal, onEvent: (event) => job.progress(event), deadline });
      if (!job.hasEnded) job.change("succeeded", { done: job.state.total });
    } catch (error) {
      // A job that was stopped with the process stays `running`, so that the next process starts it again.
      if (job.hasEnded || isStopped) return;
      const isFinal = error instanceof CosalError && error.isCallerFault;
      if (isFinal || attempts >= MAX_ATTEMPTS) return job.fail(problemOf(error, problemId));
      job.change("queued");
      enqueue(queued, retryDelay * 2 ** (attempts - 1));
    }
  }

  function register({ id, fingerprint, request }: JobHeader, events: JobEvent[]): InMemoryJob {
    const { tenant } = request;
    const onEvent = (event: JobEvent) => {
      const before = journal.sizeOf(id);
      journal.append(id, event);
      quota.add(tenant, { bytes: journal.sizeOf(id) - before });
      if (job.hasEnded && !ended.has(id)) {
        quota.add(tenant, { unfinished: -1 });
        end(job);
      }
    };
    const state = jobFrom(events) ?? newJob(id, request);
    const job = new InMemoryJob({ tenant, fingerprint, state, events, onEvent });
    jobs.set(id, job);
    return job;
  }

  function end(job: InMemoryJob): void {
    ended.set(job.state.id, job);
    while (ended.size > MAX_ENDED || (ended.size > 1 && quota.bytes > bytes)) forgetSome();
  }

  async function recover(): Promise<void> {
    const found: (QueuedJob & { readonly notBefore: number; readonly problemId: string })[] = [];
    for await (const { header, events } of journal.read()) {
      const job = register(header, events);
      const usage = { bytes: journal.sizeOf(header.id), unfinished: job.hasEnded ? 0 : 1 };
      quota.add(job.tenant, usage);
      const { urgency, notBefore = 0, request: problemId } = header.request;
      found.push({ job, urgency, notBefore, problemId });
    }
    const inOrder = (time: "created" | "updated") =>
      found.toSorted(({ job: a }, { job: b }) => (a.state[time] < b.state[time] ? -1 : 1));
    for (const { job } of inOrder("updated")) if (job.hasEnded) end(job);
    for (const { job, urgency, notBefore, problemId } of inOrder("created")) {
      if (job.hasEnded) continue;
      if (job.state.attempts >= MAX_ATTEMPTS) job.fail(tooManyAttempts(problemId));
      else enqueue({ job, urgency }, notBefore - Date.now());
    }
  }

  await recover();
  begin();

  const access = jobAccess(jobs);
  return {
    ...access,
    get size() {
      return quota.bytes;
    },
    async submit({ request, idempotencyKey }) {
      const { tenant, group, presentation } = request;
      const id =
        idempotencyKey === undefined
          ? crypto.randomUUID()
          : digest([tenant, idempotencyKey]).slice(0, 32);
      const fingerprint = digest([group, presentation]);
      // Of two equal requests at the same time, neither is accepted before the job is on the disk.
      while (creating.has(id)) await creating.get(id)?.catch(() => {});
      const known = jobs.get(id);
      if (known !== undefined) return requireSameRequest(known, fingerprint);
      if (isStopped) {
        const message = "No more jobs are accepted now.";
        throw new CosalError("backend_unavailable", message, { retryAfter: 60 });
      }
      const header = { id, fingerprint, request };
      const usage = { bytes: encodeLine(header).length, unfinished: 1 };
      makeRoom(tenant, usage.bytes);
      quota.add(tenant, usage);
      const creation = journal.create(header);
      creating.set(id, creation);
      try {
        await creation;
      } catch (error) {
        quota.add(tenant, { bytes: -usage.bytes, unfinished: -1 });
        throw error;
      } finally {
        creating.delete(id);
      }
      const job = register(header, []);
      job.change("queued");
      const { state } = job;
      enqueue({ job, urgency: request.urgency }, (request.notBefore ?? 0) - Date.now());
      begin();
      return state;
    },
    async cancel(tenant, id) {
      const state = await access.cancel(tenant, id);
      if (state?.status === "cancelled") await journal.sync(id);
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

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
