import { BatchProgress } from "./progress.ts";
import { Rate } from "./rate.ts";
import type {
  Batch,
  BatchHeader,
  BatchRecord,
  BatchStatus,
  BatchStorage,
  LineProblem,
  PlacedRecord,
} from "./types.ts";

/** A batch of this process: its journal, its state, and who follows it. */
export class LocalBatch {
  readonly header: BatchHeader;
  readonly progress: BatchProgress;
  /** Ends its work: it is cancelled, or the process stops. */
  readonly stop = new AbortController();
  /** Why nothing is computed at the moment. */
  waiting: LineProblem | undefined;
  /** Lines of the units that are being computed. */
  running = 0;
  /** Whether its units are being gone through. */
  isWorking = false;
  readonly #storage: BatchStorage;
  readonly #rate = new Rate();
  readonly #waiters = new Set<() => void>();
  #writing: Promise<unknown> = Promise.resolve();
  /** Where the journal has been counted to. */
  #place = 0;

  constructor(header: BatchHeader, storage: BatchStorage) {
    this.header = header;
    this.progress = new BatchProgress(header);
    this.#storage = storage;
  }

  get id(): string {
    return this.header.id;
  }

  get tenant(): string {
    return this.header.request.tenant;
  }

  get isRunning(): boolean {
    return this.progress.status === "running";
  }

  get done(): number {
    return this.progress.succeeded + this.progress.failed;
  }

  beginRate(): void {
    this.#rate.begin(this.done);
  }

  /**
   * Writes records and then counts them, one call after another: a line that has a result by then
   * gets no other. Where several servers write, the journal's order says which one that is.
   */
  async append(...records: readonly BatchRecord[]): Promise<void> {
    await this.#inTurn(async () => {
      const taken = records.filter((record) => this.progress.takes(record));
      if (taken.length === 0) return;
      const written = await this.#storage.append(this.id, taken);
      const isNext = this.#storage.shared === undefined || written[0]?.start === this.#place;
      if (isNext) for (const placed of written) this.count(placed);
      else await this.#catchUp();
      this.changed();
    });
  }

  /** Counts what other servers have written. */
  async refresh(): Promise<void> {
    await this.#inTurn(async () => {
      const before = this.#place;
      await this.#catchUp();
      if (this.#place > before) this.changed();
    });
  }

  /** Counts a record, which is the journal's next. */
  count(placed: PlacedRecord): void {
    this.progress.apply(placed);
    this.#place = placed.end;
    if ("result" in placed.record && this.isWorking) {
      this.progress.updated = new Date().toISOString();
      this.#rate.add(this.done);
    }
    if (this.progress.status === "cancelled") this.stop.abort(new Error("the batch was cancelled"));
  }

  async #catchUp(): Promise<void> {
    for await (const placed of this.#storage.records(this.id, this.#place)) this.count(placed);
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => {});
    await turn;
  }

  /** On disk, if it was promised. */
  async change(status: BatchStatus): Promise<void> {
    await this.append({ status, at: new Date().toISOString() });
    await this.#storage.sync(this.id);
  }

  changed(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Resolves when something has changed, or nobody waits for it any more. */
  nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiters.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener("abort", wake, { once: true });
      if (signal.aborted) wake();
    });
  }

  state(): Batch {
    const { header, running, waiting, progress } = this;
    const { status, updated, succeeded, failed, milliseconds, pending } = progress;
    const rate = status === "running" ? this.#rate.perSecond() : 0;
    const left = rate > 0 && pending > 0 ? (1000 * pending) / rate : undefined;
    return {
      ...{ header, status, updated, succeeded, failed, running, rate, milliseconds },
      failures: Object.fromEntries(progress.failures),
      ...(left !== undefined && { estimatedEnd: new Date(Date.now() + left).toISOString() }),
      ...(waiting !== undefined && status === "running" && { waiting }),
    };
  }
}
