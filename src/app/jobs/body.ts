import type { JobBody } from "../schemas/job.ts";
import type { Job } from "./types.ts";

export function jobPath(id: string): string {
  return `/v1/jobs/${id}`;
}

/** The body of a job in responses. */
export function jobBody(job: Job): JobBody {
  const self = jobPath(job.id);
  const { id, status, group, created, updated, attempts, done, total, problem } = job;
  return {
    ...{ id, status, group, created, updated, attempts, done, total },
    ...(problem && { problem }),
    links: { self, events: `${self}/events`, group: `/v1/groups/${group}` },
  };
}
