import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState, Queue } from "@cloudflare/workers-types";
import {
  deliverWebhook,
  type Job,
  type JobEvent,
  type JobRequest,
  jsonLog,
  type Problem,
  problemOf,
  webhookRetryDelay,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { Changes } from "../changes.ts";
import { hasEnded, type JobState, JobStorage, jobOf } from "./job-storage.ts";

/** A message of the queue. It names the object that has the job's state. */
export interface JobMessage {
  readonly tenant: string;
  readonly id: string;
}

/** The bindings and secrets that a job needs. */
export interface JobEnv {
  readonly QUEUE: Queue<JobMessage>;
  readonly WEBHOOK_SECRET?: string;
}

export interface NewJob {
  readonly id: string;
  readonly request: JobRequest;
  readonly fingerprint: string;
}

/** An attempt at a job. Undefined when another holder has the job, or when it has ended. */
type Begun = { readonly request: JobRequest; readonly attempt: number } | undefined;

/** Attempts after which a job fails for good. */
export const MAX_ATTEMPTS = 4;

/** Milliseconds without an event or heartbeat after which the holder loses the job. */
const LEASE_TIMEOUT = 60_000;

/** Milliseconds after which a waiting job is queued again, since its message may be lost. */
const QUEUE_TIMEOUT = 10 * 60_000;

/** How long a job's state is kept after the job ends, in milliseconds. */
const RETENTION = 30 * 24 * 3_600_000;

/** How long one call for events may wait, in milliseconds. The reader then calls again. */
const MAX_WAIT = 10_000;

/** Events per call. Each has a few hundred bytes, and an RPC response may have 32 MiB. */
const PAGE_SIZE = 200;

/**
 * A job. Its state is in SQLite, so it survives a failure of the Worker that computes it. The alarm
 * puts the job back into the queue when its lease expires, delivers the webhook, and finally deletes
 * the job.
 */
export class JobObject extends DurableObject<JobEnv> {
  readonly #storage: JobStorage;
  readonly #log = jsonLog();
  /** Readers that wait for the next event. */
  readonly #changes = new Changes();

  constructor(ctx: DurableObjectState, env: JobEnv) {
    super(ctx, env);
    this.#storage = new JobStorage(ctx.storage.sql);
  }

  /**
   * Creates the job. If its id is in use, returns the existing job, or undefined if that is for a
   * different request.
   */
  async create({ id, request, fingerprint }: NewJob): Promise<Job | undefined> {
    const known = this.#storage.state;
    if (known !== undefined) return known.fingerprint === fingerprint ? jobOf(known) : undefined;
    const now = Date.now();
    this.#storage.open({
      id,
      request,
      fingerprint,
      status: "queued",
      created: now,
      updated: now,
      seen: now,
      holder: "",
      attempts: 0,
      done: 0,
      deliveries: 0,
    });
    this.#emit();
    const { notBefore = 0 } = request;
    if (notBefore <= now) await this.#enqueue();
    await this.ctx.storage.setAlarm(notBefore <= now ? now + LEASE_TIMEOUT : notBefore);
    return this.get();
  }

  get(): Job | undefined {
    const { state } = this.#storage;
    return state && jobOf(state);
  }

  /** Gives `holder` the lease on the job. */
  begin(holder: string): Begun {
    const { state } = this.#storage;
    if (state === undefined || hasEnded(state)) return undefined;
    if (state.status === "running" && !this.#hasExpired(state)) return undefined;
    const attempts = state.attempts + 1;
    this.#change({ status: "running", holder, attempts, done: 0 });
    return { request: state.request, attempt: attempts };
  }

  /** Appends events. @returns false when the holder has lost the job and must stop */
  emit(holder: string, events: readonly JobEvent["event"][]): boolean {
    const { state } = this.#storage;
    if (state?.status !== "running" || state.holder !== holder) return false;
    let { done } = state;
    for (const event of events) {
      this.#storage.append(event);
      if (event.event === "image") done++;
    }
    const { total } = jobOf(state);
    this.#storage.update({ seen: Date.now(), updated: Date.now(), done: Math.min(done, total) });
    this.#changes.add();
    return true;
  }

  async succeed(holder: string): Promise<void> {
    const { state } = this.#storage;
    if (state?.status !== "running" || state.holder !== holder) return;
    await this.#end({ status: "succeeded", done: jobOf(state).total });
  }

  /** @returns whether the job will be attempted again */
  async fail(holder: string, problem: Problem, isFinal: boolean): Promise<boolean> {
    const { state } = this.#storage;
    if (state?.status !== "running" || state.holder !== holder) return false;
    if (isFinal || state.attempts >= MAX_ATTEMPTS) {
      await this.#end({ status: "failed", problem });
      return false;
    }
    this.#change({ status: "queued", holder: "", problem });
    return true;
  }

  /** Fails a job that the queue gave up. Its last problem is kept; `problem` is the fallback. */
  async deadLetter(problem: Problem): Promise<void> {
    const { state } = this.#storage;
    if (state === undefined || hasEnded(state)) return;
    await this.#end({ status: "failed", problem: state.problem ?? problem });
  }

  async cancel(): Promise<Job | undefined> {
    const { state } = this.#storage;
    if (state !== undefined && !hasEnded(state)) await this.#end({ status: "cancelled" });
    return this.get();
  }

  /** Waits for events after a number. Returns none when the job has ended or the wait is over. */
  async events(after: number): Promise<{ events: JobEvent[]; hasEnded: boolean } | undefined> {
    if (this.#storage.state === undefined) return undefined;
    const read = () => this.#storage.after(after, PAGE_SIZE);
    let events = read();
    if (events.length === 0 && !hasEnded(this.#storage.state)) {
      await this.#changes.next(MAX_WAIT);
      events = read();
    }
    return { events, hasEnded: events.length < PAGE_SIZE && hasEnded(this.#storage.state) };
  }

  async alarm(): Promise<void> {
    const { state } = this.#storage;
    if (state === undefined) return;
    const now = Date.now();
    if (!hasEnded(state)) await this.#watch(state);
    else if (state.deliveryDue !== undefined && state.deliveryDue <= now)
      await this.#deliver(state);
    else if (now >= state.updated + RETENTION) {
      await this.ctx.storage.deleteAll();
      return;
    }
    const current = this.#storage.state as JobState;
    const next = hasEnded(current)
      ? (current.deliveryDue ?? current.updated + RETENTION)
      : now + LEASE_TIMEOUT;
    await this.ctx.storage.setAlarm(next);
  }

  async #watch(state: JobState): Promise<void> {
    const { notBefore = 0 } = state.request;
    // A delayed job is not in the queue yet.
    const isDelayed = state.updated < notBefore;
    const due = isDelayed ? notBefore : state.updated + QUEUE_TIMEOUT;
    const isDue = state.status === "queued" && Date.now() >= due;
    if (!isDue && !(state.status === "running" && this.#hasExpired(state))) return;
    if (state.attempts >= MAX_ATTEMPTS) {
      await this.deadLetter(lostProblem(state));
      return;
    }
    this.#change({ status: "queued", holder: "" });
    await this.#enqueue();
  }

  async #deliver(state: JobState): Promise<void> {
    const { webhook } = state.request;
    const secret = this.env.WEBHOOK_SECRET;
    if (webhook === undefined || secret === undefined) {
      this.#storage.update({ deliveryDue: undefined });
      return;
    }
    const outcome = await deliverWebhook(jobOf(state), webhook, secret);
    const deliveries = state.deliveries + 1;
    const retryDelay = outcome === "failed" ? webhookRetryDelay(deliveries) : undefined;
    const deliveryDue = retryDelay === undefined ? undefined : Date.now() + retryDelay;
    this.#storage.update({ deliveries, deliveryDue });
    if (outcome !== "delivered") {
      const fields = { job: state.id, outcome, deliveries, isLast: retryDelay === undefined };
      this.#log({ level: "warn", event: "webhook failed", ...fields });
    }
  }

  async #end(change: Partial<JobState>): Promise<void> {
    if (change.problem !== undefined)
      this.#storage.append({ event: "error", data: change.problem });
    const deliveryDue = this.#storage.state?.request.webhook === undefined ? undefined : Date.now();
    const { updated } = this.#change({ holder: "", deliveryDue, ...change });
    await this.ctx.storage.setAlarm(deliveryDue ?? updated + RETENTION);
  }

  #change(change: Partial<JobState>): JobState {
    const now = Date.now();
    const state = this.#storage.update({ seen: now, updated: now, ...change });
    this.#emit();
    return state;
  }

  /** Emits the job's new state to readers. */
  #emit(): void {
    this.#storage.append({ event: "job", data: this.get() as Job });
    this.#changes.add();
  }

  /** Sends the job to the queue. If that fails, the alarm sends it again, so no job is lost. */
  async #enqueue(): Promise<void> {
    const { id, request } = this.#storage.state as JobState;
    try {
      await this.env.QUEUE.send({ tenant: request.tenant, id });
    } catch (error) {
      this.#log({ level: "error", event: "queue failed", job: id, error });
    }
  }

  #hasExpired({ seen }: JobState): boolean {
    return Date.now() - seen > LEASE_TIMEOUT;
  }
}

function lostProblem({ request, attempts }: JobState): Problem {
  const message = `The job was started ${attempts} times, and its worker stopped responding each time.`;
  return problemOf(new CosalError("backend_unavailable", message), request.request);
}
