import { CosalError } from "../../errors.ts";
import { presentable, problemOf } from "../problems/index.ts";
import type { GroupEvent } from "../representation/events.ts";
import type { RunJob } from "./run.ts";
import type { Job, JobEvent, JobRequest, JobStatus, Jobs } from "./types.ts";

interface Kept {
  job: Job;
  readonly tenant: string;
  readonly fingerprint: string;
  readonly events: JobEvent[];
  readonly stop: AbortController;
  readonly waiting: Set<() => void>;
}

/** Jobs that have ended and are still told about; the oldest go first. */
const ENDED = 1000;

/** Jobs in this process, one after another: they do not survive it. */
export function memoryJobs(run: RunJob): Jobs {
  const jobs = new Map<string, Kept>();
  const keys = new Map<string, string>();
  let last: Promise<unknown> = Promise.resolve();

  function change(kept: Kept, status: JobStatus, rest: Partial<Job> = {}): void {
    kept.job = { ...kept.job, ...rest, status, updated: new Date().toISOString() };
    tell(kept, { event: "job", data: kept.job });
  }

  function tell(kept: Kept, event: JobEvent["event"]): void {
    kept.events.push({ number: kept.events.length + 1, event });
    for (const wake of [...kept.waiting]) wake();
  }

  async function work(kept: Kept, request: JobRequest): Promise<void> {
    if (isOver(kept.job)) return;
    change(kept, "running", { attempts: kept.job.attempts + 1 });
    const onEvent = (event: GroupEvent) => {
      if (isOver(kept.job)) return;
      tell(kept, event);
      if (event.event === "image") kept.job = { ...kept.job, done: kept.job.done + 1 };
    };
    try {
      await run(request, { signal: kept.stop.signal, onEvent });
      if (!isOver(kept.job)) change(kept, "succeeded");
    } catch (error) {
      if (isOver(kept.job)) return;
      const problem = problemOf(presentable(error), request.request);
      tell(kept, { event: "error", data: problem });
      change(kept, "failed", { problem });
    }
  }

  function forgetOldest(): void {
    const ended = [...jobs].filter(([, { job }]) => isOver(job));
    for (const [id] of ended.slice(0, Math.max(0, ended.length - ENDED))) jobs.delete(id);
    for (const [key, id] of keys) if (!jobs.has(id)) keys.delete(key);
  }

  const find = (tenant: string, id: string) => {
    const kept = jobs.get(id);
    return kept?.tenant === tenant ? kept : undefined;
  };

  return {
    async submit({ request, idempotencyKey }) {
      const { tenant, group, images, presentation, webhook } = request;
      const fingerprint = JSON.stringify([group, presentation, webhook]);
      const key = idempotencyKey && JSON.stringify([tenant, idempotencyKey]);
      const known = key && jobs.get(keys.get(key) ?? "");
      if (known) {
        if (known.fingerprint === fingerprint) return known.job;
        const message = "This Idempotency-Key was used for another request. Take a new one.";
        throw new CosalError("idempotency_mismatch", message);
      }
      const now = new Date().toISOString();
      const total = images.length;
      const id = crypto.randomUUID();
      const job: Job = {
        ...{ id, status: "queued", group, created: now, updated: now, attempts: 0, done: 0, total },
      };
      const stop = new AbortController();
      const kept: Kept = { job, tenant, fingerprint, events: [], stop, waiting: new Set() };
      jobs.set(id, kept);
      if (key) keys.set(key, id);
      last = last.then(() => work(kept, request)).then(forgetOldest);
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
  };
}

async function* follow(kept: Kept, after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
  let next = Math.max(0, after);
  while (!signal.aborted) {
    while (next < kept.events.length) yield kept.events[next++] as JobEvent;
    if (isOver(kept.job)) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        kept.waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      kept.waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

function isOver({ status }: Job): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}
