import type { SqlStorage } from "@cloudflare/workers-types";
import type { Job, JobEvent, JobRequest, JobStatus, Problem } from "../../app/index.ts";

type Event = JobEvent["event"];

/** The state of a job. */
export interface JobState {
  readonly id: string;
  readonly request: JobRequest;
  /** SHA-256 of the request. An idempotency key is valid for one request only. */
  readonly fingerprint: string;
  readonly status: JobStatus;
  /** Milliseconds since 1970, as in the next two. */
  readonly created: number;
  readonly updated: number;
  /** Time of the holder's last event or heartbeat. */
  readonly seen: number;
  /** The worker that computes the job; "" when there is none. */
  readonly holder: string;
  readonly attempts: number;
  readonly done: number;
  readonly problem?: Problem;
  /** Attempted deliveries of the webhook, and the time of the next, in milliseconds since 1970. */
  readonly deliveries: number;
  readonly deliveryDue?: number;
}

/** A job in a Durable Object's SQLite database: its state and all its events. */
export class JobStorage {
  readonly #sql: SqlStorage;
  #state: JobState | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined when there is no such job. Reading the state of an unknown job writes nothing. */
  get state(): JobState | undefined {
    if (this.#state !== undefined || !this.#isOpen()) return this.#state;
    const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM state").toArray();
    this.#state = row && (JSON.parse(row.body) as JobState);
    return this.#state;
  }

  open(state: JobState): void {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)",
    );
    this.#write(state);
  }

  update(change: Partial<JobState>): JobState {
    if (this.state === undefined) throw new Error("the job is not open");
    return this.#write({ ...this.state, ...change });
  }

  append(event: Event): void {
    this.#sql.exec("INSERT INTO event (body) VALUES (?)", JSON.stringify(event));
  }

  /** At most `limit` events with higher numbers, in order. */
  after(number: number, limit: number): JobEvent[] {
    if (!this.#isOpen()) return [];
    return this.#sql
      .exec<{ number: number; body: string }>(
        "SELECT number, body FROM event WHERE number > ? ORDER BY number LIMIT ?",
        number,
        limit,
      )
      .toArray()
      .map((row) => ({ number: row.number, event: JSON.parse(row.body) as Event }));
  }

  #write(state: JobState): JobState {
    this.#sql.exec("INSERT OR REPLACE INTO state (id, body) VALUES (1, ?)", JSON.stringify(state));
    this.#state = state;
    return state;
  }

  #isOpen(): boolean {
    const found = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'state'").toArray();
    return found.length > 0;
  }
}

/** A job as the API returns it. */
export function jobOf(state: JobState): Job {
  const { id, request, status, attempts, done, problem } = state;
  return {
    id,
    status,
    group: request.group,
    created: new Date(state.created).toISOString(),
    updated: new Date(state.updated).toISOString(),
    attempts,
    done,
    total: request.images.length,
    ...(problem && { problem }),
  };
}

export function hasEnded({ status }: Pick<JobState, "status">): boolean {
  return status !== "queued" && status !== "running";
}
