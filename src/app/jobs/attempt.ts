import { CosalError } from "../../errors.ts";
import { type Problem, problemOf } from "../problems/index.ts";
import type { JobEvent, JobRequest, RunJob } from "./types.ts";

type Event = JobEvent["event"];

/**
 * A job's state, kept elsewhere, as whoever computes the job sees it. Its methods throw when the place
 * cannot be reached.
 */
export interface JobHandle {
  /** Takes the job for `holder`. Undefined: it is another's, or has ended. */
  begin(
    holder: string,
  ): Promise<{ readonly request: JobRequest; readonly attempt: number } | undefined>;
  /** Adds events; whether to go on. Without events it tells that the work goes on. */
  emit(holder: string, events: readonly Event[]): Promise<boolean>;
  succeed(holder: string): Promise<void>;
  /** Whether it is to be tried again. */
  fail(holder: string, problem: Problem, isFinal: boolean): Promise<boolean>;
  /** It was tried as often as it may be. */
  deadLetter(problem: Problem): Promise<void>;
}

export interface AttemptOptions {
  /** What an attempt may take, in milliseconds. */
  readonly timeout: number;
  /** Between two signs of life, in milliseconds. */
  readonly heartbeat?: number;
  /** Aborts when the host stops: the job is left as one that runs. */
  readonly stop?: AbortSignal;
}

/** How an attempt went. `ignored`: there was nothing to do. */
export type Attempt =
  | { readonly outcome: "ignored" | "succeeded" }
  | {
      readonly outcome: "failed" | "retried" | "interrupted";
      readonly attempt: number;
      readonly error: unknown;
    };

const HEARTBEAT_INTERVAL = 20_000;

/** Makes one attempt at a job. */
export async function attemptJob(
  job: JobHandle,
  run: RunJob,
  { timeout, heartbeat = HEARTBEAT_INTERVAL, stop }: AttemptOptions,
): Promise<Attempt> {
  const holder = crypto.randomUUID();
  const begun = await job.begin(holder);
  if (begun === undefined) return { outcome: "ignored" };
  const { request, attempt } = begun;
  const over = new AbortController();
  const signal = stop === undefined ? over.signal : AbortSignal.any([over.signal, stop]);
  const onRefused = () => over.abort(new Error("the job is over"));
  const reporter = new EventReporter(job, holder, heartbeat, onRefused);
  try {
    signal.throwIfAborted();
    await run(request, {
      signal,
      deadline: Date.now() + timeout,
      onEvent: (event) => reporter.emit(event),
    });
    await reporter.finish();
    await job.succeed(holder);
    return { outcome: "succeeded" };
  } catch (error) {
    if (stop?.aborted) return { outcome: "interrupted", attempt, error };
    await reporter.finish();
    // What the caller did wrong is as wrong the next time.
    const isFinal = error instanceof CosalError && error.isCallerFault;
    const isRetried = await job.fail(holder, problemOf(error, request.request), isFinal);
    return { outcome: isRetried ? "retried" : "failed", attempt, error };
  } finally {
    reporter.stop();
  }
}

/** What a job ends with that was tried too often, where no better reason is known. */
export function tooManyAttempts(request: string): Problem {
  const message = "The job failed as often as it may be tried.";
  return problemOf(new CosalError("backend_unavailable", message), request);
}

/** Reports events in order, in batches of those that arrived while the previous batch was sent. */
class EventReporter {
  readonly #job: JobHandle;
  readonly #holder: string;
  readonly #onRefused: () => void;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #waiting: Event[] = [];
  #sending: Promise<void> | undefined;

  constructor(job: JobHandle, holder: string, heartbeat: number, onRefused: () => void) {
    this.#job = job;
    this.#holder = holder;
    this.#onRefused = onRefused;
    this.#heartbeat = setInterval(() => this.#send(), heartbeat);
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
        if (!(await this.#job.emit(this.#holder, events))) this.#onRefused();
      } catch {
        this.#waiting.unshift(...events);
        return;
      }
    } while (this.#waiting.length > 0);
  }
}
