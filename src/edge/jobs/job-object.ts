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
import { hasEnded, type JobState, JobStorage, jobOf } from "./job-storage.ts";

/** What the queue carries: where the job's state is. */
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

/** What whoever computes a job may do: nothing when it is another's, or over. */
type Begun = { readonly request: JobRequest; readonly attempt: number } | undefined;

/** How often a job is attempted before it fails for good. */
export const MAX_ATTEMPTS = 4;

/** Milliseconds of silence after which who computes a job counts as gone. */
const LEASE_TIMEOUT = 60_000;

/** Milliseconds after which a job that waits is put into the queue again, should it have been lost. */
const QUEUE_TIMEOUT = 10 * 60_000;

/** How long what is known of a job is kept after its end, in milliseconds. */
const RETENTION = 30 * 24 * 3_600_000;

/** How long a reader of events may wait, in milliseconds, before it has to ask again. */
const MAX_WAIT = 10_000;

/** Events that are told at once: each is a few hundred bytes, and an answer may have 32 MiB. */
const PAGE_SIZE = 200;

/**
 * A job: state in SQLite, so that it survives whatever happens to the Worker that computes it. The
 * alarm keeps it going: it puts a job back into the queue whose computer went silent, delivers the
 * webhook, and forgets the job at last.
 */
export class JobObject extends DurableObject<JobEnv> {
  readonly #storage: JobStorage;
  readonly #log = jsonLog();
  /** Readers of events that wait for the next. */
  readonly #waiting = new Set<() => void>();

  constructor(ctx: DurableObjectState, env: JobEnv) {
    super(ctx, env);
    this.#storage = new JobStorage(ctx.storage.sql);
  }

  /** The job, which is an older one when its id was used before. Undefined for another request. */
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
    await this.#enqueue();
    await this.ctx.storage.setAlarm(now + LEASE_TIMEOUT);
    return this.get();
  }

  get(): Job | undefined {
    const { state } = this.#storage;
    return state && jobOf(state);
  }

  /** Takes the job for `holder`. */
  begin(holder: string): Begun {
    const { state } = this.#storage;
    if (state === undefined || hasEnded(state)) return undefined;
    if (state.status === "running" && !this.#hasExpired(state)) return undefined;
    const attempts = state.attempts + 1;
    this.#change({ status: "running", holder, attempts, done: 0 });
    return { request: state.request, attempt: attempts };
  }

  /** Adds events; whether to go on. */
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
    this.#wake();
    return true;
  }

  async succeed(holder: string): Promise<void> {
    const { state } = this.#storage;
    if (state?.status !== "running" || state.holder !== holder) return;
    await this.#end({ status: "succeeded", done: jobOf(state).total });
  }

  /** @returns whether it is to be tried again */
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

  /** The queue gave the job up: it ends with the last problem that was met, or this one. */
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

  /** Events after a number, as soon as there is one; none when the job has ended or nothing came. */
  async events(after: number): Promise<{ events: JobEvent[]; hasEnded: boolean } | undefined> {
    if (this.#storage.state === undefined) return undefined;
    const read = () => this.#storage.after(after, PAGE_SIZE);
    let events = read();
    if (events.length === 0 && !hasEnded(this.#storage.state)) {
      await this.#next();
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
    const isLost = state.status === "queued" && Date.now() - state.updated > QUEUE_TIMEOUT;
    if (!isLost && !(state.status === "running" && this.#hasExpired(state))) return;
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

  /** Tells readers what the job now is. */
  #emit(): void {
    this.#storage.append({ event: "job", data: this.get() as Job });
    this.#wake();
  }

  /** A job that does not get into the queue is tried again by the alarm: it is not lost. */
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

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, MAX_WAIT);
      this.#waiting.add(done);
    });
  }
}

function lostProblem({ request, attempts }: JobState): Problem {
  const message = `The job was begun ${attempts} times, and each time whoever computed it went silent.`;
  return problemOf(new CosalError("backend_unavailable", message), request.request);
}
