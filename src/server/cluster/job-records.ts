import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { Job, JobEvent, JobHandle, JobRequest, Problem } from "../../app/index.ts";
import { type ClusterConnection, PREFIX, redisError } from "./connection.ts";
import type { Subscription } from "./notifier.ts";

type Event = JobEvent["event"];

/** Record of a job. */
export interface JobState {
  /** Never changes. It may be large: seeds have up to 256 kB. */
  readonly request: JobRequest;
  /** Hash of the request, since an idempotency key is for one request only. */
  readonly fingerprint: string;
  readonly job: Job;
  /** The server that computes it. */
  readonly holder: string;
  /** Number of attempts that failed. Others ended with their process. */
  readonly failures: number;
  /** Time of the last change, in milliseconds since 1970. */
  readonly seen: number;
}

/** Gives the new state of a job. Undefined means no change. */
type Change = { readonly state: JobState; readonly events: readonly Event[] } | undefined;

/** Maximum number of failed attempts. */
export const MAX_FAILURES = 4;

/** Maximum starts of a job. It may be what crashes its process, and servers come and go. */
export const MAX_ATTEMPTS = 10;

/** Maximum number of jobs that have not ended, of all tenants and of one. */
const MAX_UNFINISHED = 100_000;
const MAX_TENANT_UNFINISHED = MAX_UNFINISHED / 2;

/** Seconds that an ended job is kept. Redis keeps everything in memory. */
const RETENTION = 7 * 24 * 3600;

/** Jobs of one search. */
const MAX_UNSETTLED = 1000;

/** Events of one read. */
const PAGE = 200;

const UNFINISHED = `${PREFIX}:jobs:unfinished`;
/** Jobs whose webhook has not been delivered. */
export const UNTOLD = `${PREFIX}:jobs:untold`;

/**
 * Writes a state on the condition that it is based on the last one, and adds events to the job's
 * stream, numbered from 1.
 *
 * KEYS: job, events, unfinished, unfinished of the tenant, untold
 * ARGV: name, expected version, state, 1 when ended, seconds to keep it then, 1 when it has a webhook,
 *       most unfinished, most of the tenant, what was asked, event...
 * Returns the new version; 0 when another was faster; -1, -2 when there are too many jobs.
 */
const COMMIT = `
local version = tonumber(redis.call("HGET", KEYS[1], "version") or "0")
if version ~= tonumber(ARGV[2]) then return 0 end
if version == 0 then
  if redis.call("SCARD", KEYS[4]) >= tonumber(ARGV[8]) then return -2 end
  if redis.call("SCARD", KEYS[3]) >= tonumber(ARGV[7]) then return -1 end
end
redis.call("HSET", KEYS[1], "version", version + 1, "state", ARGV[3])
if version == 0 then redis.call("HSET", KEYS[1], "request", ARGV[9]) end
local last = redis.call("XLEN", KEYS[2])
for i = 10, #ARGV do
  redis.call("XADD", KEYS[2], (last + i - 9) .. "-0", "event", ARGV[i])
end
if ARGV[4] == "1" then
  redis.call("SREM", KEYS[3], ARGV[1])
  redis.call("SREM", KEYS[4], ARGV[1])
  if ARGV[6] == "1" then redis.call("SADD", KEYS[5], ARGV[1]) end
  redis.call("EXPIRE", KEYS[1], ARGV[5])
  redis.call("EXPIRE", KEYS[2], ARGV[5])
elseif version == 0 then
  redis.call("SADD", KEYS[3], ARGV[1])
  redis.call("SADD", KEYS[4], ARGV[1])
end
redis.call("PUBLISH", KEYS[1], "")
return version + 1`;

type Commit = Redis & { cosalCommit(...args: readonly (string | number)[]): Promise<number> };

/** Which limit prevents another job. */
export type Excess = "all" | "tenant";

/** Jobs in Redis: a hash for what is known of each, a stream for its events. */
export class JobRecords {
  readonly #connection: ClusterConnection;

  constructor(connection: ClusterConnection) {
    this.#connection = connection;
    connection.commands.defineCommand("cosalCommit", { numberOfKeys: 5, lua: COMMIT });
  }

  of(name: string): JobRecord {
    return new JobRecord(this.#connection, name);
  }

  /**
   * Names of some jobs that have not ended, or whose webhook has not been told; of others the next
   * time. None when another server has looked in the last `interval` milliseconds.
   */
  async unsettled(kind: "unfinished" | "untold", interval: number): Promise<string[]> {
    const { commands } = this.#connection;
    const isFirst = await commands.set(`${PREFIX}:jobs:${kind}:looked`, "", "PX", interval, "NX");
    if (isFirst !== "OK") return [];
    return commands.srandmember(kind === "unfinished" ? UNFINISHED : UNTOLD, MAX_UNSETTLED);
  }
}

/** The name contains the tenant, so another tenant's job is not found. */
export function jobName(tenant: string, id: string): string {
  return digest([tenant, id]);
}

export class JobRecord implements JobHandle {
  readonly name: string;
  readonly #connection: ClusterConnection;
  readonly #key: string;
  /** The last state that was read. Usually only the holder of a job changes it. */
  #known: { readonly version: number; readonly state: JobState } | undefined;

  constructor(connection: ClusterConnection, name: string) {
    this.name = name;
    this.#connection = connection;
    this.#key = `${PREFIX}:job:${name}`;
  }

  /** @throws CosalError store_unavailable */
  async state(): Promise<JobState | undefined> {
    try {
      const fields = ["version", "state", "request"] as const;
      const [version, state, request] = await this.#commands.hmget(this.#key, ...fields);
      this.#known =
        state && request
          ? {
              version: Number(version),
              state: { ...JSON.parse(state), request: JSON.parse(request) },
            }
          : undefined;
    } catch (error) {
      throw redisError(error);
    }
    return this.#known?.state;
  }

  /**
   * The job that is there now, which is an older one when there was one of that name.
   *
   * @returns its state, or who has too many jobs
   * @throws CosalError store_unavailable, store_full
   */
  async create(state: JobState): Promise<JobState | Excess> {
    const known = await this.state();
    if (known !== undefined) return known;
    const version = await this.#commit(0, state, [{ event: "job", data: state.job }]);
    if (version === -2) return "tenant";
    if (version === -1) return "all";
    return version > 0 ? state : this.create(state);
  }

  /** Events after a number, and whether the job has ended. */
  async events(after: number): Promise<{ events: JobEvent[]; hasEnded: boolean } | undefined> {
    const state = await this.state();
    if (state === undefined) return undefined;
    const from = `${after + 1}-0`;
    const entries = await this.#commands
      .xrange(`${this.#key}:events`, from, "+", "COUNT", PAGE)
      .catch((error) => {
        throw redisError(error);
      });
    const events = entries.map(([id, [, event = ""]]) => ({
      number: Number.parseInt(id, 10),
      event: JSON.parse(event) as Event,
    }));
    return { events, hasEnded: events.length < PAGE && hasEnded(state) };
  }

  /** Of changes. */
  subscribe(): Subscription {
    return this.#connection.notifier.subscribe(this.#key);
  }

  async cancel(): Promise<Job | undefined> {
    const state = await this.#change((state) =>
      hasEnded(state) ? undefined : changed(state, { status: "cancelled" }),
    );
    return state?.job;
  }

  async begin(holder: string) {
    let begun = false;
    const state = await this.#change((state) => {
      begun = !hasEnded(state) && state.job.attempts < MAX_ATTEMPTS;
      if (!begun) return undefined;
      const attempts = state.job.attempts + 1;
      // Changes by the previous holder are ignored from now on.
      return changed({ ...state, holder }, { status: "running", attempts, done: 0 });
    });
    if (!begun || state === undefined) return undefined;
    return { request: state.request, attempt: state.failures + 1 };
  }

  async emit(holder: string, events: readonly Event[]): Promise<boolean> {
    // Without events, only a cancellation is looked for.
    if (events.length === 0) await this.state();
    let isHeld = false;
    await this.#change((state) => {
      isHeld = holds(state, holder);
      if (!isHeld) return undefined;
      const done = events.filter(({ event }) => event === "image").length;
      const job = { ...state.job, done: Math.min(state.job.done + done, state.job.total) };
      return { state: { ...state, job, seen: Date.now() }, events };
    });
    return isHeld;
  }

  async succeed(holder: string): Promise<void> {
    await this.#change((state) =>
      holds(state, holder)
        ? changed(state, { status: "succeeded", done: state.job.total })
        : undefined,
    );
  }

  async fail(holder: string, problem: Problem, isFinal: boolean): Promise<boolean> {
    let isRetried = false;
    await this.#change((state) => {
      if (!holds(state, holder)) return undefined;
      const failures = state.failures + 1;
      isRetried = !isFinal && failures < MAX_FAILURES;
      if (isRetried) return changed({ ...state, failures, holder: "" }, { status: "queued" });
      return failed({ ...state, failures }, problem);
    });
    return isRetried;
  }

  /** Returns a started job to the queue, because its server stops. */
  async release(): Promise<void> {
    await this.#change((state) =>
      state.job.status === "running"
        ? changed({ ...state, holder: "" }, { status: "queued" })
        : undefined,
    );
  }

  async deadLetter(problem: Problem): Promise<void> {
    await this.#change((state) => (hasEnded(state) ? undefined : failed(state, problem)));
  }

  get #commands(): Redis {
    return this.#connection.commands;
  }

  /** @returns the new state of the job, or undefined if there is none */
  async #change(decide: (state: JobState) => Change): Promise<JobState | undefined> {
    for (;;) {
      const known = this.#known ?? ((await this.state()) && this.#known);
      if (known === undefined) return undefined;
      const change = decide(known.state);
      if (change === undefined) {
        // It may be another by now.
        const { version } = known;
        await this.state();
        if (this.#known?.version === version) return known.state;
        continue;
      }
      const version = await this.#commit(known.version, change.state, change.events);
      if (version > 0) {
        this.#known = { version, state: change.state };
        return change.state;
      }
      this.#known = undefined;
    }
  }

  async #commit(version: number, state: JobState, events: readonly Event[]): Promise<number> {
    const { request, ...rest } = state;
    const { tenant, webhook } = request;
    try {
      return await (this.#commands as Commit).cosalCommit(
        ...[this.#key, `${this.#key}:events`, UNFINISHED],
        ...[`${UNFINISHED}:${digest([tenant])}`, UNTOLD],
        ...[this.name, version, JSON.stringify(rest)],
        ...[hasEnded(state) ? 1 : 0, RETENTION, webhook === undefined ? 0 : 1],
        ...[MAX_UNFINISHED, MAX_TENANT_UNFINISHED],
        version === 0 ? JSON.stringify(request) : "",
        ...events.map((event) => JSON.stringify(event)),
      );
    } catch (error) {
      throw redisError(error);
    }
  }
}

export function hasEnded({ job: { status } }: Pick<JobState, "job">): boolean {
  return status !== "queued" && status !== "running";
}

function holds(state: JobState, holder: string): boolean {
  return state.job.status === "running" && state.holder === holder;
}

function changed(state: JobState, change: Partial<Job>): NonNullable<Change> {
  const job = { ...state.job, ...change, updated: new Date().toISOString() };
  return { state: { ...state, job, seen: Date.now() }, events: [{ event: "job", data: job }] };
}

function failed(state: JobState, problem: Problem): NonNullable<Change> {
  const { state: next, events } = changed(state, { status: "failed", problem });
  return { state: next, events: [{ event: "error", data: problem }, ...events] };
}

export function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
