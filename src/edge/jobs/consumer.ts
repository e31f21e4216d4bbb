import type { MessageBatch } from "@cloudflare/workers-types";
import {
  type Attempt,
  attemptJob,
  type JobHandle,
  type Log,
  type RunJob,
  tooManyAttempts,
} from "../../app/index.ts";
import type { JobMessage } from "./job-object.ts";

export interface ConsumerParts {
  readonly stubOf: (message: JobMessage) => JobHandle;
  /** Computes a job's group and writes it to the stores. */
  readonly run: RunJob;
  readonly log: Log;
}

/** Milliseconds. A consumer may take 15 minutes; the rest is for reporting the outcome. */
const ATTEMPT_TIMEOUT = 12 * 60_000;

/** Consumes jobs from the queue, and failed jobs from the dead-letter queue. */
export async function consume(
  batch: MessageBatch<JobMessage>,
  { stubOf, run, log }: ConsumerParts,
): Promise<void> {
  for (const message of batch.messages) {
    const { id } = message.body;
    const stub = stubOf(message.body);
    if (batch.queue.endsWith("-dead")) {
      await stub.deadLetter(tooManyAttempts(id));
      log({ level: "error", event: "job dead", job: id });
      message.ack();
      continue;
    }
    const attempt = await attemptJob(stub, run, { timeout: ATTEMPT_TIMEOUT });
    const delaySeconds = retryDelayOf(attempt);
    log({ level: "info", event: "job attempt", job: id, ...attempt });
    if (delaySeconds === undefined) message.ack();
    else message.retry({ delaySeconds });
  }
}

/** Seconds before the next attempt at a job: 10, 20, 40. */
function retryDelayOf(attempt: Attempt): number | undefined {
  return attempt.outcome === "retried" ? 10 * 2 ** (attempt.attempt - 1) : undefined;
}
