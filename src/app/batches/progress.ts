import type { BatchHeader, BatchRecord, BatchStatus, PlacedRecord } from "./types.ts";

const PENDING = 0;
const SUCCEEDED = 1;
const FAILED = 2;

/**
 * The progress of a batch, from its journal. It has nine bytes for each line, so a million lines take
 * 9 MB.
 */
export class BatchProgress {
  readonly total: number;
  status: BatchStatus = "running";
  updated: string;
  succeeded = 0;
  failed = 0;
  milliseconds = 0;
  readonly failures = new Map<string, number>();
  /** Starts of each unit, by its first line. */
  readonly #attempts = new Map<number, number>();
  readonly #states: Uint8Array;
  /** Position of each line's result in the journal. */
  readonly #starts: Float64Array;

  constructor({ total, created }: BatchHeader) {
    this.total = total;
    this.updated = created;
    this.#states = new Uint8Array(total);
    this.#starts = new Float64Array(total);
  }

  get pending(): number {
    return this.total - this.succeeded - this.failed;
  }

  get hasEnded(): boolean {
    return this.status === "completed" || this.status === "cancelled";
  }

  isPending(line: number): boolean {
    return this.#states[line - 1] === PENDING;
  }

  attempts(firstLine: number): number {
    return this.#attempts.get(firstLine) ?? 0;
  }

  /**
   * Whether a record changes anything. A line that has a result gets no other. A record `completed` of
   * another server is ignored if a retry has made lines pending since.
   */
  takes(record: BatchRecord): boolean {
    if ("status" in record && record.status === "completed") return this.pending === 0;
    return !("result" in record) || this.isPending(record.result.line);
  }

  apply({ record, start }: PlacedRecord): void {
    if (!this.takes(record)) return;
    if ("unit" in record) this.#attempts.set(record.unit, record.attempts);
    else if ("milliseconds" in record) this.milliseconds += record.milliseconds;
    else if ("status" in record) {
      this.status = record.status;
      this.updated = record.at;
    } else if ("retried" in record) {
      this.updated = record.retried;
      this.#forgetFailures();
    } else {
      const { result } = record;
      const index = result.line - 1;
      this.#starts[index] = start;
      this.#attempts.delete(result.line);
      if ("problem" in result) {
        const { code } = result.problem;
        this.#states[index] = FAILED;
        this.failed++;
        this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
      } else {
        this.#states[index] = SUCCEEDED;
        this.succeeded++;
      }
    }
  }

  /** Positions of the results, in the manifest's order. */
  *starts(): Generator<number> {
    for (const [index, state] of this.#states.entries()) {
      if (state !== PENDING) yield this.#starts[index] as number;
    }
  }

  /** Whether this record is a line's current result, not one from before a retry. */
  isCurrent({ record, start }: PlacedRecord): boolean {
    if (!("result" in record)) return false;
    const { line } = record.result;
    return !this.isPending(line) && this.#starts[line - 1] === start;
  }

  #forgetFailures(): void {
    for (const [index, state] of this.#states.entries()) {
      if (state === FAILED) this.#states[index] = PENDING;
    }
    this.failed = 0;
    this.failures.clear();
    this.#attempts.clear();
  }
}
