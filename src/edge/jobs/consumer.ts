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
  /** Computes a job's group and leaves it in the stores. */
  readonly run: RunJob;
  readonly log: Log;
}

/** A consumer may take 15 minutes; this leaves time to tell how it ended. In milliseconds. */
const ATTEMPT_TIMEOUT = 12 * 60_000;

/** Takes jobs out of the queue, and those that the queue gave up out of the dead-letter queue. */
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
