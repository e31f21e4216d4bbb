import type { RunJob } from "../job-runner.ts";
import { presentable, problemOf } from "../problems/index.ts";
import { accessTo, HeldJob, newJob, sameRequest } from "./in-memory-job.ts";
import type { JobRequest, Jobs } from "./types.ts";

/** Jobs that have ended and are still told about; the oldest go first. */
const ENDED = 1000;

/** Jobs in this process, one after another: they do not survive it. */
export function memoryJobs(run: RunJob): Jobs {
  const jobs = new Map<string, HeldJob>();
  const keys = new Map<string, string>();
  let last: Promise<unknown> = Promise.resolve();

  async function work(held: HeldJob, request: JobRequest): Promise<void> {
    if (held.isOver) return;
    held.change("running", { attempts: held.job.attempts + 1 });
    try {
      const { signal } = held.stop;
      await run(request, { signal, onEvent: (event) => held.progress(event) });
      if (!held.isOver) held.change("succeeded");
    } catch (error) {
      if (!held.isOver) held.fail(problemOf(presentable(error), request.request));
    }
  }

  function forgetOldest(): void {
    const ended = [...jobs].filter(([, held]) => held.isOver);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - ENDED))) jobs.delete(id);
    for (const [key, id] of keys) if (!jobs.has(id)) keys.delete(key);
  }

  return {
    ...accessTo(jobs),
    async submit({ request, idempotencyKey }) {
      const { tenant, group, presentation, webhook } = request;
      const fingerprint = JSON.stringify([group, presentation, webhook]);
      const key = idempotencyKey && JSON.stringify([tenant, idempotencyKey]);
      const known = key && jobs.get(keys.get(key) ?? "");
      if (known) return sameRequest(known, fingerprint);
      const id = crypto.randomUUID();
      const held = new HeldJob({ tenant, fingerprint, job: newJob(id, request) });
      jobs.set(id, held);
      if (key) keys.set(key, id);
      last = last.then(() => work(held, request)).then(forgetOldest);
      return held.job;
    },
  };
}
