import { CosalError } from "../../errors.ts";
import { type Problem, problemOf } from "../problems/index.ts";
import type { JobEvent, JobRequest, RunJob } from "./types.ts";

type Event = JobEvent["event"];

/**
 * A job's state as seen by the worker that computes the job. The state is in another process, so the
 * methods throw when it cannot be reached.
 */
export interface JobHandle {
  /** Gives `holder` the job. Undefined when another holder has it, or when it has ended. */
  begin(
    holder: string,
  ): Promise<{ readonly request: JobRequest; readonly attempt: number } | undefined>;
  /** Appends events. Without events, it is a heartbeat. @returns false when the holder must stop */
  emit(holder: string, events: readonly Event[]): Promise<boolean>;
  succeed(holder: string): Promise<void>;
  /** @returns whether the job will be attempted again */
  fail(holder: string, problem: Problem, isFinal: boolean): Promise<boolean>;
  /** Fails a job that has no attempts left. */
  deadLetter(problem: Problem): Promise<void>;
}

export interface AttemptOptions {
  /** Timeout of an attempt, in milliseconds. */
  readonly timeout: number;
  /** Interval of heartbeats, in milliseconds. */
  readonly heartbeat?: number;
  /** Aborts when the host stops. The job stays in the state `running`. */
  readonly stop?: AbortSignal;
}

/** Outcome of an attempt. `ignored`: there was nothing to do. */
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
    // A caller's fault would fail again.
    const isFinal = error instanceof CosalError && error.isCallerFault;
    const isRetried = await job.fail(holder, problemOf(error, request.request), isFinal);
    return { outcome: isRetried ? "retried" : "failed", attempt, error };
  } finally {
    reporter.stop();
  }
}

/** The problem of a job that failed too often, if no better reason is known. */
export function tooManyAttempts(request: string): Problem {
  const message = "The job has failed in all attempts.";
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

  /** Resolves when all events are sent, or when the job's state cannot be reached. */
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
