import type { SqlStorage } from "@cloudflare/workers-types";
import type { Job, JobEvent, JobRequest, JobStatus, Problem } from "../../app/index.ts";

type Event = JobEvent["event"];

/** All that is known of a job. */
export interface JobState {
  readonly id: string;
  readonly request: JobRequest;
  /** Names the request: an idempotency key is for one request only. */
  readonly fingerprint: string;
  readonly status: JobStatus;
  /** Milliseconds since 1970, these and the next two. */
  readonly created: number;
  readonly updated: number;
  /** When whoever computes it was last heard of. */
  readonly seen: number;
  /** Who computes it. */
  readonly holder: string;
  readonly attempts: number;
  readonly done: number;
  readonly problem?: Problem;
  /** Deliveries of the webhook that were tried, and when the next is due. */
  readonly deliveries: number;
  readonly deliveryDue?: number;
}

/** A job in a Durable Object's SQLite database: its state, and every event that was told of it. */
export class JobStorage {
  readonly #sql: SqlStorage;
  #state: JobState | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Undefined in an object that is no job: asking for one that does not exist writes nothing. */
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

/** A job as its caller sees it. */
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
