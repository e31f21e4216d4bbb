import type { MessageBatch } from "@cloudflare/workers-types";
import { type JobEvent, type Log, type Problem, problemOf, type RunJob } from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import type { Attempt, JobMessage } from "./job-object.ts";

type Event = JobEvent["event"];

/** What a `JobObject` answers to who computes it. */
export interface WorkStub {
  begin(holder: string): Promise<Attempt>;
  emit(holder: string, events: readonly Event[]): Promise<boolean>;
  succeed(holder: string): Promise<void>;
  fail(holder: string, problem: Problem, isFinal: boolean): Promise<boolean>;
  deadLetter(problem: Problem): Promise<void>;
}

export interface ConsumerParts {
  readonly stubOf: (message: JobMessage) => WorkStub;
  /** Computes a job's group and leaves it in the stores. */
  readonly run: RunJob;
  readonly log: Log;
}

/** A consumer may take 15 minutes; this leaves time to tell how it ended. In milliseconds. */
const ATTEMPT_TIMEOUT = 12 * 60_000;

/** Seconds before the next attempt at a job: 10, 20, 40. */
const retryDelayAfter = (attempt: number) => 10 * 2 ** (attempt - 1);

/** Takes jobs out of the queue, and those that the queue gave up out of the dead-letter queue. */
export async function consume(
  batch: MessageBatch<JobMessage>,
  { stubOf, run, log }: ConsumerParts,
): Promise<void> {
  for (const message of batch.messages) {
    const { id } = message.body;
    const stub = stubOf(message.body);
    if (batch.queue.endsWith("-dead")) {
      await stub.deadLetter(deadProblem(id));
      log({ level: "error", event: "job dead", job: id });
      message.ack();
      continue;
    }
    const attempt = await work(stub, run);
    log({ level: "info", event: "job attempt", job: id, ...attempt });
    if (attempt.retryDelay === undefined) message.ack();
    else message.retry({ delaySeconds: attempt.retryDelay });
  }
}

/** Makes one attempt. `retryDelay`: seconds until the next one is due. */
async function work(
  stub: WorkStub,
  run: RunJob,
): Promise<{ retryDelay?: number; error?: unknown }> {
  const holder = crypto.randomUUID();
  const begun = await stub.begin(holder);
  if (begun === undefined) return {};
  const { request, attempt } = begun;
  const stop = new AbortController();
  const reporter = new EventReporter(stub, holder, () => stop.abort(new Error("the job is over")));
  try {
    await run(request, {
      signal: stop.signal,
      deadline: Date.now() + ATTEMPT_TIMEOUT,
      onEvent: (event) => reporter.emit(event),
    });
    await reporter.finish();
    await stub.succeed(holder);
    return {};
  } catch (error) {
    await reporter.finish();
    // What the caller did wrong is as wrong the next time.
    const isFinal = error instanceof CosalError && error.isCallerFault;
    const isRetried = await stub.fail(holder, problemOf(error, request.request), isFinal);
    return { error, ...(isRetried && { retryDelay: retryDelayAfter(attempt) }) };
  } finally {
    reporter.stop();
  }
}

/** Milliseconds after which the job's object hears that the work goes on, if nothing else. */
const HEARTBEAT_INTERVAL = 20_000;

/** Reports events in order, in batches of those that arrived while the previous batch was sent. */
class EventReporter {
  readonly #stub: WorkStub;
  readonly #holder: string;
  readonly #onRefused: () => void;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #waiting: Event[] = [];
  #sending: Promise<void> | undefined;

  constructor(stub: WorkStub, holder: string, onRefused: () => void) {
    this.#stub = stub;
    this.#holder = holder;
    this.#onRefused = onRefused;
    this.#heartbeat = setInterval(() => this.#send(), HEARTBEAT_INTERVAL);
  }

  emit(event: Event): void {
    this.#waiting.push(event);
    this.#send();
  }

  /** When all has been told, or the job's object cannot be reached. */
  async finish(): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      this.#send();
      await this.#sending;
      if (this.#waiting.length === 0) return;
    }
  }

  stop(): void {
    clearInterval(this.#heartbeat);
  }

  #send(): void {
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
    });
  }

  async #drain(): Promise<void> {
    do {
      const events = this.#waiting.splice(0);
      try {
        if (!(await this.#stub.emit(this.#holder, events))) this.#onRefused();
      } catch {
        this.#waiting.unshift(...events);
        return;
      }
    } while (this.#waiting.length > 0);
  }
}

function deadProblem(request: string): Problem {
  const message = "The job failed as often as it may be tried.";
  return problemOf(new CosalError("backend_unavailable", message), request);
}
