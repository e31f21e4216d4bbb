import { CosalError } from "../../errors.ts";
import { presentable, problemOf } from "../problems/index.ts";
import { InMemoryJob, jobAccess, newJob, requireSameRequest } from "./in-memory-job.ts";
import { JobQueue } from "./job-queue.ts";
import type { JobRequest, Jobs, RunJob } from "./types.ts";

/** Ended jobs that are kept. The oldest are removed first. */
const MAX_ENDED = 1000;

/** Jobs that have not ended. The seeds of each may have a quarter of a megabyte. */
const MAX_UNFINISHED = 1000;

/** Jobs in this process, computed one at a time. They are lost when the process ends. */
export function memoryJobs(run: RunJob): Jobs {
  const jobs = new Map<string, InMemoryJob>();
  const keys = new Map<string, string>();
  const queue = new JobQueue<() => Promise<void>>();
  let isWorking = false;

  async function work(job: InMemoryJob, request: JobRequest): Promise<void> {
    if (job.hasEnded) return;
    job.change("running", { attempts: job.state.attempts + 1 });
    try {
      const { signal } = job.stop;
      await run(request, { signal, onEvent: (event) => job.progress(event) });
      if (!job.hasEnded) job.change("succeeded");
    } catch (error) {
      if (!job.hasEnded) job.fail(problemOf(presentable(error), request.request));
    }
  }

  async function workOnAll(): Promise<void> {
    if (isWorking) return;
    isWorking = true;
    for (let next = queue.next(); next !== undefined; next = queue.next()) {
      await next();
      forgetOldest();
    }
    isWorking = false;
  }

  function forgetOldest(): void {
    const ended = [...jobs].filter(([, job]) => job.hasEnded);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) jobs.delete(id);
    for (const [key, id] of keys) if (!jobs.has(id)) keys.delete(key);
  }

  return {
    ...jobAccess(jobs),
    async submit({ request, idempotencyKey }) {
      const { tenant, group, presentation, webhook } = request;
      const fingerprint = JSON.stringify([group, presentation, webhook]);
      const key = idempotencyKey && JSON.stringify([tenant, idempotencyKey]);
      const known = key && jobs.get(keys.get(key) ?? "");
      if (known) return requireSameRequest(known, fingerprint);
      if ([...jobs.values()].filter((job) => !job.hasEnded).length >= MAX_UNFINISHED) {
        const message = "The queue of jobs is full.";
        throw new CosalError("backend_unavailable", message, { retryAfter: 60 });
      }
      const id = crypto.randomUUID();
      const job = new InMemoryJob({ tenant, fingerprint, state: newJob(id, request) });
      jobs.set(id, job);
      if (key) keys.set(key, id);
      const { state } = job;
      const begin = () => {
        queue.add(() => work(job, request), request.urgency);
        void workOnAll();
      };
      const delay = (request.notBefore ?? 0) - Date.now();
      if (delay > 0) setTimeout(begin, delay);
      else begin();
      return state;
    },
  };
}
