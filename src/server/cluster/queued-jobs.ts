import type { Queue, Job as QueuedJob, Worker } from "bullmq";
import {
  attemptJob,
  DEFAULT_URGENCY,
  type Job,
  type JobEvent,
  type Jobs,
  type Log,
  newJob,
  type RunJob,
  tooManyAttempts,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { loadOptional } from "../../optional-package.ts";
import { type ClusterConnection, PREFIX, promptly, scrubbed } from "./connection.ts";
import {
  digest,
  type JobRecord,
  JobRecords,
  type JobState,
  jobName,
  MAX_ATTEMPTS,
  MAX_FAILURES,
} from "./job-records.ts";
import { type WebhookOptions, type Webhooks, webhookQueue } from "./webhooks.ts";

export interface QueuedJobsOptions {
  readonly connection: ClusterConnection;
  readonly run: RunJob;
  readonly log: Log;
  /** Maximum number of jobs that run at once here. They share the device with requests. */
  readonly running?: number | undefined;
  readonly webhooks?: WebhookOptions;
  /** Milliseconds before the second attempt; doubled for each that follows. */
  readonly retryDelay?: number;
  /** Milliseconds without a renewal after which another server takes a job over. */
  readonly lease?: number;
  /** Interval of the search for jobs that the queue has lost, in milliseconds. */
  readonly sweepInterval?: number;
}

export interface QueuedJobs extends Jobs {
  /** Bytes on this machine's disk: none. */
  readonly size: number;
  /** Returns running jobs to the queue. Other servers start them again. */
  stop(): Promise<void>;
}

const MAX_RUNNING = 4;

/** Maximum time of one attempt in milliseconds. */
const ATTEMPT_TIMEOUT = 10 * 60_000;

/** Interval in milliseconds at which a running job's record is read, in case a notice was lost. */
const HEARTBEAT = 2_000;

/** Failed jobs are kept in the queue's own list, with the reason, for the operator. */
const DEAD_LETTERS = { count: 10_000, age: 7 * 24 * 3600 };

/** Content of a queue entry: the name of the job's record. */
interface Message {
  readonly name: string;
  readonly id: string;
}

/**
 * Jobs that several servers share. BullMQ's queue in Redis decides which server computes which job, and
 * when. The record of each job has its state. The record is authoritative: a job that has a record but
 * is missing in the queue is added to it again.
 */
export async function queuedJobs(options: QueuedJobsOptions): Promise<QueuedJobs> {
  const { connection, run, log, running = MAX_RUNNING } = options;
  const { retryDelay = 10_000, lease = 15_000, sweepInterval = 60_000 } = options;
  const { Queue, UnrecoverableError, WaitingError, Worker } = await loadOptional(
    "bullmq",
    () => import("bullmq"),
  );
  const records = new JobRecords(connection);
  const shared = { prefix: PREFIX, skipVersionCheck: true };
  const queue: Queue<Message> = new Queue("jobs", {
    ...{ ...shared, connection: connection.patient() },
    defaultJobOptions: {
      attempts: MAX_FAILURES,
      backoff: { type: "exponential", delay: retryDelay },
      removeOnComplete: true,
      removeOnFail: DEAD_LETTERS,
    },
  });
  const onError = (error: Error) =>
    log({ level: "warn", event: "queue failed", error: scrubbed(error) });
  queue.on("error", onError);
  const webhooks: Webhooks | undefined =
    options.webhooks && (await webhookQueue({ ...options.webhooks, connection, records, log }));
  const stopping = new AbortController();

  const enqueue = ({ name }: JobRecord, { job, request }: JobState) => {
    const { urgency = DEFAULT_URGENCY, notBefore = 0 } = request;
    const options = {
      jobId: name,
      // To BullMQ, a job without a priority is the most urgent.
      priority: urgency - DEFAULT_URGENCY,
      delay: Math.max(0, notBefore - Date.now()),
    };
    return promptly(queue.add("job", { name, id: job.id }, options));
  };

  async function work(message: QueuedJob<Message>, token?: string): Promise<void> {
    const { name, id } = message.data;
    const record = records.of(name);
    const attempt = await attemptJob(record, run, {
      timeout: ATTEMPT_TIMEOUT,
      heartbeat: HEARTBEAT,
      stop: stopping.signal,
    });
    log({ level: "info", event: "job attempt", job: id, ...attempt });
    if (attempt.outcome === "interrupted") {
      await record.release();
      await message.moveToWait(token);
      throw new WaitingError();
    }
    if (attempt.outcome === "ignored") await giveUp(record);
    await webhooks?.tell(record);
    // The queue starts it again after a delay, or moves it to the failed jobs.
    if (attempt.outcome === "retried") throw attempt.error;
    if (attempt.outcome === "failed") throw new UnrecoverableError(String(attempt.error));
  }

  /** A job that has reached its maximum starts, or that the queue has given up. */
  async function giveUp(record: JobRecord): Promise<void> {
    const state = await record.state();
    if (state === undefined || state.job.attempts < MAX_ATTEMPTS) return;
    await record.deadLetter(state.job.problem ?? tooManyAttempts(state.request.request));
  }

  const worker: Worker<Message> | undefined =
    running === 0
      ? undefined
      : new Worker<Message>("jobs", work, {
          ...{ ...shared, connection: connection.patient(), concurrency: running },
          lockDuration: lease,
          stalledInterval: Math.ceil(lease / 3),
          drainDelay: 1,
          maxStalledCount: MAX_ATTEMPTS,
        });
  worker?.on("error", onError);
  worker?.on("failed", (message, error) => {
    if (message !== undefined && message.finishedOn !== undefined) void bury(message.data, error);
  });

  /** Ends the record of a job that the queue has given up. */
  async function bury({ name, id }: Message, error: Error): Promise<void> {
    const record = records.of(name);
    try {
      const state = await record.state();
      if (state === undefined) return;
      await record.deadLetter(state.job.problem ?? tooManyAttempts(state.request.request));
      await webhooks?.tell(record);
      log({ level: "error", event: "job dead", job: id, error });
    } catch (failure) {
      onError(failure as Error);
    }
  }

  /** Adds jobs to the queue that are missing in it. Adding a job that is there does nothing. */
  async function sweep(): Promise<void> {
    try {
      const interval = Math.floor(sweepInterval / 2);
      for (const name of await records.unsettled("unfinished", interval)) {
        const record = records.of(name);
        const state = await record.state();
        if (state === undefined || Date.now() - state.seen < sweepInterval) continue;
        await enqueue(record, state);
      }
      if (webhooks === undefined) return;
      for (const name of await records.unsettled("untold", interval)) {
        await webhooks.tell(records.of(name));
      }
    } catch (error) {
      onError(error as Error);
    }
  }
  const sweeping = setInterval(() => void sweep(), sweepInterval);

  return {
    size: 0,
    async submit({ request, idempotencyKey }): Promise<Job> {
      const { tenant, group, presentation, webhook = "" } = request;
      const id =
        idempotencyKey === undefined
          ? crypto.randomUUID()
          : digest([tenant, idempotencyKey]).slice(0, 32);
      const fingerprint = digest([group, presentation, webhook]);
      const record = records.of(jobName(tenant, id));
      const job = newJob(id, request);
      const state = { request, fingerprint, job, holder: "", failures: 0, seen: Date.now() };
      const created = await promptly(record.create(state));
      if (typeof created === "string") {
        const message =
          created === "tenant"
            ? "The tenant has too many waiting jobs. Send this one when some have ended."
            : "The queue of jobs is full.";
        throw new CosalError("backend_unavailable", message, { retryAfter: 60 });
      }
      if (created.fingerprint !== fingerprint) {
        const message = "This Idempotency-Key was used for another request. Use a new one.";
        throw new CosalError("idempotency_mismatch", message);
      }
      if (created.job.status === "queued") await enqueue(record, created);
      return created.job;
    },
    async get(tenant, id) {
      return (await promptly(records.of(jobName(tenant, id)).state()))?.job;
    },
    async events(tenant, id, after, signal) {
      const record = records.of(jobName(tenant, id));
      if ((await promptly(record.state())) === undefined) return undefined;
      return follow(record, after, signal);
    },
    async cancel(tenant, id) {
      const record = records.of(jobName(tenant, id));
      const job = await promptly(record.cancel());
      if (job?.status === "cancelled") await webhooks?.tell(record).catch(onError);
      return job;
    },
    async stop() {
      clearInterval(sweeping);
      stopping.abort(new Error("the server is stopping"));
      const end = Promise.all([worker?.close(), webhooks?.stop()]).then(() => queue.close());
      // Redis may be away.
      await promptly(end).catch(onError);
    },
  };
}

async function* follow(
  record: JobRecord,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<JobEvent> {
  const subscription = record.subscribe();
  let last = after;
  try {
    while (!signal.aborted) {
      const page = await record.events(last);
      if (page === undefined) return;
      for (const event of page.events) {
        yield event;
        last = event.number;
      }
      if (page.hasEnded) return;
      if (page.events.length === 0) await subscription.next(signal);
    }
  } finally {
    subscription.end();
  }
}
