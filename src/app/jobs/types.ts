import type { Detail } from "../../engine/index.ts";
import type { BackendChoice } from "../compute/types.ts";
import type { Problem } from "../problems/index.ts";
import type { GroupEvent } from "../representation/events.ts";

/**
 * A group to be computed while nobody waits: a plain value, fit for JSON, small enough for a queue's
 * message (below 64 kB; seeds that are masks are kept beside it). The photographs are in the
 * tenant's ImageStore by then.
 */
export interface JobRequest {
  readonly tenant: string;
  /** The group's identity. */
  readonly group: string;
  readonly model: { readonly name: string; readonly digest: string };
  /** As sent, in the order sent. */
  readonly images: readonly { readonly id: string; readonly sha256: string }[];
  /** As in the JSON request, images named by SHA-256. */
  readonly seeds: readonly unknown[];
  readonly onError: "fail" | "skip";
  /** Missing in jobs of a deployment before. */
  readonly detail?: Detail;
  readonly backend: BackendChoice;
  /** The group whose consensus the images are masked with. */
  readonly consensusOf?: string;
  /** How the result is to be told: as the query string of the request says. */
  readonly presentation: string;
  /** Where the end is told (https, checked against the deployment's list). */
  readonly webhook?: string;
  /** The request's id and `traceparent`, for logs. */
  readonly request: string;
  readonly traceparent?: string;
}

export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

export interface Job {
  readonly id: string;
  readonly status: JobStatus;
  readonly group: string;
  /** RFC 3339 times. */
  readonly created: string;
  readonly updated: string;
  /** How often it has been begun. */
  readonly attempts: number;
  /** Photographs that have their mask, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Why it failed: after the last attempt, never lost. */
  readonly problem?: Problem;
}

/** One event of a job's stream: what the event stream of a request tells, numbered from 1. */
export interface JobEvent {
  readonly number: number;
  readonly event: GroupEvent | { readonly event: "job"; readonly data: Job };
}

export interface JobContext {
  /** Aborts when the job is cancelled, or its time is over. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: GroupEvent) => void;
  /** Milliseconds since 1970; a job may take longer than a request. */
  readonly deadline?: number;
}

/** Computes a job: its group ends up in the tenant's stores. */
export type RunJob = (request: JobRequest, context: JobContext) => Promise<void>;

export interface Submission {
  readonly request: JobRequest;
  /** The caller's `Idempotency-Key`: the same key gives the same job. */
  readonly idempotencyKey?: string;
}

/**
 * Work that outlives its request. In the Worker: Queues and a Durable Object; on the server: in
 * process (`memoryJobs`) or on disk. Jobs belong to a tenant; another's is not found.
 */
export interface Jobs {
  /**
   * @throws CosalError idempotency_mismatch when the key was used for another group,
   * backend_unavailable when no job can be taken now
   */
  submit(submission: Submission): Promise<Job>;
  get(tenant: string, id: string): Promise<Job | undefined>;
  /**
   * The job's events after a number, those to come included, until the job has ended. Undefined when
   * there is no such job.
   */
  events(
    tenant: string,
    id: string,
    after: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<JobEvent> | undefined>;
  /** Ends a job that has not ended; a job that has is left as it is. */
  cancel(tenant: string, id: string): Promise<Job | undefined>;
}
