import type { DurableObjectStorage, SqlStorage, SqlStorageValue } from "@cloudflare/workers-types";
import type {
  BatchHeader,
  BatchLine,
  BatchStatus,
  LineProblem,
  LineResult,
} from "../../app/index.ts";

/** The state of a batch, without its lines. */
export interface BatchState {
  readonly header: BatchHeader;
  readonly status: BatchStatus;
  /** RFC 3339 time of the last result or change. */
  readonly updated: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Failed lines by code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly milliseconds: number;
  /** Number of the Workflow instance that computes the batch, from 1. */
  readonly round: number;
  /** The units that are being computed, by lane. */
  readonly held: Readonly<Record<string, HeldUnit>>;
  /** Number of the last result. */
  readonly last: number;
  readonly waiting?: LineProblem | undefined;
}

/** A work unit: its first and its last line. */
export interface HeldUnit {
  readonly first: number;
  readonly last: number;
}

export interface NumberedResult {
  readonly number: number;
  readonly result: LineResult;
}

/** Lines of a unit, and the numbers of those that have no result. */
export interface UnitLines {
  readonly lines: readonly BatchLine[];
  readonly pending: readonly number[];
}

/**
 * A batch in a Durable Object's SQLite database. A line and its result are one row, and a row gets its
 * result only while it has none. Units are in a table until all their lines have results.
 */
export class BatchTables {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #state: BatchState | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** Undefined before `open`. */
  get state(): BatchState | undefined {
    if (this.#state !== undefined || !this.#isOpen()) return this.#state;
    const [row] = this.#rows<{ body: string }>("SELECT body FROM state");
    this.#state = row && (JSON.parse(row.body) as BatchState);
    return this.#state;
  }

  /** Begins a manifest, and drops one that was not finished. */
  begin(): void {
    this.#sql.exec(`
      DROP TABLE IF EXISTS line;
      DROP TABLE IF EXISTS unit;
      CREATE TABLE line (
        line INTEGER PRIMARY KEY, first INTEGER NOT NULL, body TEXT NOT NULL,
        number INTEGER, code TEXT, result TEXT
      );
      CREATE UNIQUE INDEX result ON line (number) WHERE number IS NOT NULL;
      CREATE TABLE unit (
        first INTEGER PRIMARY KEY, last INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
      );
    `);
  }

  /** Adds the next units of a manifest. */
  add(units: readonly (readonly BatchLine[])[]): void {
    this.#transact(() => {
      for (const lines of units) {
        const [first, last] = [lines[0]?.line, lines.at(-1)?.line];
        this.#sql.exec("INSERT INTO unit (first, last) VALUES (?, ?)", first, last);
        for (const line of lines) {
          const body = JSON.stringify(line);
          const values = [line.line, first, body];
          this.#sql.exec("INSERT INTO line (line, first, body) VALUES (?, ?, ?)", ...values);
        }
      }
    });
  }

  open(state: BatchState): void {
    this.#sql.exec("CREATE TABLE state (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    this.#write(state);
  }

  update(change: Partial<BatchState>): BatchState {
    if (this.state === undefined) throw new Error("the batch is not open");
    return this.#write({ ...this.state, ...change });
  }

  forget(): void {
    this.#state = undefined;
  }

  /** The first unit that nobody holds, with the number of its attempts. */
  nextUnit(held: readonly HeldUnit[]): (HeldUnit & { readonly attempts: number }) | undefined {
    const [unit] = this.#rows<{ first: number; last: number; attempts: number }>(
      `SELECT first, last, attempts FROM unit
       WHERE first NOT IN (SELECT value FROM json_each(?)) ORDER BY first LIMIT 1`,
      JSON.stringify(held.map(({ first }) => first)),
    );
    return unit;
  }

  attemptsOf(first: number): number {
    const [unit] = this.#rows<{ attempts: number }>(
      "SELECT attempts FROM unit WHERE first = ?",
      first,
    );
    return unit?.attempts ?? 0;
  }

  setAttempts(first: number, attempts: number): void {
    this.#sql.exec("UPDATE unit SET attempts = ? WHERE first = ?", attempts, first);
  }

  removeUnit(first: number): void {
    this.#sql.exec("DELETE FROM unit WHERE first = ?", first);
  }

  /** Whether all lines of a unit have results. */
  isDone({ first, last }: HeldUnit): boolean {
    const query = "SELECT 1 FROM line WHERE line BETWEEN ? AND ? AND result IS NULL LIMIT 1";
    return this.#rows(query, first, last).length === 0;
  }

  linesOf({ first, last }: HeldUnit): UnitLines {
    const rows = this.#rows<{ line: number; body: string; isPending: number }>(
      `SELECT line, body, result IS NULL AS isPending FROM line
       WHERE line BETWEEN ? AND ? ORDER BY line`,
      first,
      last,
    );
    return {
      lines: rows.map(({ body }) => JSON.parse(body) as BatchLine),
      pending: rows.flatMap(({ line, isPending }) => (isPending ? [line] : [])),
    };
  }

  /** Records results of lines that have none. Others are ignored. */
  record(results: readonly LineResult[]): void {
    this.#transact(() => {
      const state = this.state as BatchState;
      let { last, succeeded, failed } = state;
      const failures = { ...state.failures };
      for (const result of results) {
        const code = "problem" in result ? result.problem.code : null;
        const values = [last + 1, code, JSON.stringify(result), result.line];
        const { length } = this.#rows(
          `UPDATE line SET number = ?, code = ?, result = ?
           WHERE line = ? AND result IS NULL RETURNING line`,
          ...values,
        );
        if (length === 0) continue;
        last++;
        if (code === null) succeeded++;
        else {
          failed++;
          failures[code] = (failures[code] ?? 0) + 1;
        }
      }
      if (last === state.last) return;
      const updated = new Date().toISOString();
      this.update({ last, succeeded, failed, failures, updated, waiting: undefined });
    });
  }

  /** Makes failed lines pending again. */
  retry(): void {
    this.#transact(() => {
      this.#sql.exec(`
        INSERT OR REPLACE INTO unit (first, last)
          SELECT first, MAX(line) FROM line
          WHERE first IN (SELECT first FROM line WHERE code IS NOT NULL) GROUP BY first;
        UPDATE line SET number = NULL, code = NULL, result = NULL WHERE code IS NOT NULL;
      `);
      this.update({ failed: 0, failures: {}, updated: new Date().toISOString() });
    });
  }

  /** Results with higher numbers, as they were done. */
  doneAfter(number: number, limit: number): NumberedResult[] {
    return this.#results("number", number, limit);
  }

  /** Results of the lines after one, in the order of the manifest. */
  linesAfter(line: number, limit: number): NumberedResult[] {
    return this.#results("line", line, limit);
  }

  #results(order: "number" | "line", after: number, limit: number): NumberedResult[] {
    return this.#rows<{ number: number; result: string }>(
      `SELECT number, result FROM line
       WHERE number IS NOT NULL AND ${order} > ? ORDER BY ${order} LIMIT ?`,
      after,
      limit,
    ).map(({ number, result }) => ({ number, result: JSON.parse(result) as LineResult }));
  }

  /** Runs all of it or nothing. */
  #transact(work: () => void): void {
    try {
      this.#storage.transactionSync(work);
    } catch (error) {
      // The state in the database is the one from before.
      this.#state = undefined;
      throw error;
    }
  }

  #rows<T extends Record<string, SqlStorageValue>>(query: string, ...values: unknown[]): T[] {
    return this.#sql.exec<T>(query, ...values).toArray();
  }

  #write(state: BatchState): BatchState {
    this.#sql.exec("INSERT OR REPLACE INTO state (id, body) VALUES (1, ?)", JSON.stringify(state));
    this.#state = state;
    return state;
  }

  #isOpen(): boolean {
    return this.#rows("SELECT 1 FROM sqlite_master WHERE name = 'state'").length > 0;
  }
}
