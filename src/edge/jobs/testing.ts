/** Shared by the tests of jobs: requests, runs with a known outcome, a queue that tests consume. */

import { env } from "cloudflare:workers";
import type { DurableObjectNamespace, MessageBatch, Queue } from "@cloudflare/workers-types";
import { afterEach, beforeEach, vi } from "vitest";
import {
  type GroupEvent,
  type Job,
  type JobEvent,
  type JobHandle,
  type JobRequest,
  type RunJob,
  silent,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { consume } from "./consumer.ts";
import { edgeJobs, type JobStub, jobName } from "./edge-jobs.ts";
import type { JobMessage } from "./job-object.ts";

const { JOBS, QUEUE } = env as { JOBS: DurableObjectNamespace; QUEUE: Queue };
export const stubOf = (name: string) =>
  JOBS.get(JOBS.idFromName(name)) as unknown as JobStub & JobHandle;
export const jobs = edgeJobs(stubOf);
export const signal = new AbortController().signal;

let requests = 0;

export function request(more: Partial<JobRequest> = {}): JobRequest {
  const images = ["a", "b"].map((id) => ({ id, sha256: id.repeat(64) }));
  return {
    tenant: "",
    group: (++requests).toString(16).padStart(64, "0"),
    model: { name: "m", digest: "d" },
    images,
    seeds: [],
    onError: "fail",
    backend: "auto",
    presentation: "",
    request: "request-1",
    ...more,
  };
}

export const image = (id: string) => ({ event: "image", data: { id } }) as unknown as GroupEvent;

/** Passes a job's message to the consumer, as the runtime does. */
export async function take(job: Job, run: RunJob, { tenant = "", queue = "cosal-jobs" } = {}) {
  const outcome = { acknowledged: 0, retries: [] as (number | undefined)[] };
  const message = {
    id: "message",
    body: { tenant, id: job.id },
    ack: () => outcome.acknowledged++,
    retry: ({ delaySeconds }: { delaySeconds?: number } = {}) => outcome.retries.push(delaySeconds),
  };
  const parts = {
    stubOf: ({ tenant, id }: JobMessage) => stubOf(jobName(tenant, id)),
    run,
    log: silent,
  };
  const batch = { queue, messages: [message] } as unknown as MessageBatch<JobMessage>;
  await consume(batch, parts);
  return outcome;
}

export async function eventsOf(job: Job, after = 0): Promise<JobEvent[]> {
  const events = await jobs.events("", job.id, after, signal);
  return Array.fromAsync(events ?? []);
}

export const names = (events: JobEvent[]) =>
  events.map(({ event }) => (event.event === "job" ? event.data.status : event.event));

export const succeeds: RunJob = async (_, { onEvent }) => {
  onEvent(image("a"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  onEvent(image("b"));
};
export const fails: RunJob = () => Promise.reject(new CosalError("backend_unavailable", "no GPU"));
export const isBroken: RunJob = () => Promise.reject(new CosalError("image_undecodable", "broken"));

export function pass(milliseconds: number): void {
  const now = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(now + milliseconds);
}

/** Collects the queue's messages, so that tests pass them to the consumer. Call once per suite. */
export function useQueue(): JobMessage[] {
  const sent: JobMessage[] = [];
  beforeEach(() => {
    sent.length = 0;
    vi.spyOn(Object.getPrototypeOf(QUEUE), "send").mockImplementation(async (message) => {
      sent.push(message as JobMessage);
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return sent;
}

/** Makes the queue refuse the next message. */
export function failNextSend(): void {
  vi.spyOn(Object.getPrototypeOf(QUEUE), "send").mockRejectedValueOnce(new Error("queue down"));
}
