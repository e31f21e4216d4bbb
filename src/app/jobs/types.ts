import type { Detail } from "../../engine/index.ts";
import type { BackgroundRequest } from "../compute/types.ts";
import type { Problem } from "../problems/index.ts";
import type { GroupEvent } from "../representation/events.ts";

/**
 * A group to compute in the background. It is a plain value for JSON, small enough for a message
 * of a queue (below 64 kB): seeds that are masks are stored separately. The photographs are already in
 * the tenant's ImageStore.
 */
export interface JobRequest extends BackgroundRequest {
  /** The group's identity. */
  readonly group: string;
  /** As sent, in the order sent. */
  readonly images: readonly { readonly id: string; readonly sha256: string }[];
  /** As in the JSON request, images named by SHA-256. */
  readonly seeds: readonly unknown[];
  readonly onError: "fail" | "skip";
  /** Missing in jobs of a deployment before. */
  readonly detail?: Detail;
  /** How the result is presented: the query string of the request. */
  readonly presentation: string;
  /** RFC 9218: 3 (the default) to 7, the least urgent. Less urgent jobs wait for the others. */
  readonly urgency?: number;
  /** Milliseconds since 1970; the job does not start earlier. */
  readonly notBefore?: number;
  /** URL of the webhook (https, its host is in the deployment's list). */
  readonly webhook?: string;
}

export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

export interface Job {
  readonly id: string;
  readonly status: JobStatus;
  readonly group: string;
  /** RFC 3339 times. */
  readonly created: string;
  readonly updated: string;
  /** Number of attempts so far. */
  readonly attempts: number;
  /** Photographs that have their mask, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Why the last attempt failed. */
  readonly problem?: Problem;
}

/** One event of a job, as in the event stream of a request. Numbers start at 1. */
export interface JobEvent {
  readonly number: number;
  readonly event: GroupEvent | { readonly event: "job"; readonly data: Job };
}

export interface JobContext {
  /** Aborts when the job is cancelled or its time is over. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: GroupEvent) => void;
  /** Milliseconds since 1970; a job may take longer than a request. */
  readonly deadline?: number;
}

/** Computes a job and writes its group to the tenant's stores. */
export type RunJob = (request: JobRequest, context: JobContext) => Promise<void>;

export interface Submission {
  readonly request: JobRequest;
  /** The caller's `Idempotency-Key`: the same key gives the same job. */
  readonly idempotencyKey?: string;
}

/**
 * Work that outlives its request. The Worker uses Queues and a Durable Object. The server keeps jobs
 * in memory (`memoryJobs`), on disk, or in Redis. Jobs of other tenants are not found.
 */
export interface Jobs {
  /**
   * @throws CosalError idempotency_mismatch when the key was used for another group,
   * backend_unavailable when no job can be accepted now
   */
  submit(submission: Submission): Promise<Job>;
  get(tenant: string, id: string): Promise<Job | undefined>;
  /**
   * Yields the job's events after a number, including future ones, until the job has ended. Undefined
   * when there is no such job.
   */
  events(
    tenant: string,
    id: string,
    after: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<JobEvent> | undefined>;
  /** Cancels a job. A job that has ended does not change. */
  cancel(tenant: string, id: string): Promise<Job | undefined>;
}
