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

/** A batch in this process: its journal, its state and its followers. */
export class LocalBatch {
  readonly header: BatchHeader;
  readonly progress: BatchProgress;
  /** Ends its work, when it is cancelled or the process stops. */
  readonly stop = new AbortController();
  /** Why nothing can be computed now. */
  waiting: LineProblem | undefined;
  /** Lines of the running units. */
  running = 0;
  /** Whether its units are being computed. */
  isWorking = false;
  readonly #storage: BatchStorage;
  readonly #rate = new Rate();
  readonly #waiters = new Set<() => void>();
  #writing: Promise<unknown> = Promise.resolve();
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

  /** End of the journal's counted part. */
  get place(): number {
    return this.#place;
  }

  get done(): number {
    return this.progress.succeeded + this.progress.failed;
  }

  beginRate(): void {
    this.#rate.begin(this.done);
  }

  /**
   * Writes records and then counts them. Calls run one after the other. A line that already has a result
   * gets no other. If several servers write, the first result in the journal counts.
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

  /** Counts the records of other servers. */
  async refresh(): Promise<void> {
    await this.#inTurn(async () => {
      const before = this.#place;
      await this.#catchUp();
      if (this.#place > before) this.changed();
    });
  }

  /** Counts the next record of the journal. */
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

  /** Resolves when the journal is on the disk. */
  async change(status: BatchStatus): Promise<void> {
    await this.append({ status, at: new Date().toISOString() });
    await this.#storage.sync(this.id);
  }

  changed(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Resolves when something has changed or the follower has left. */
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
    return {
      ...{ header, status, updated, succeeded, failed, running, milliseconds },
      ...(status === "running" ? this.#rate.estimate(pending) : { rate: 0 }),
      failures: Object.fromEntries(progress.failures),
      ...(waiting !== undefined && status === "running" && { waiting }),
    };
  }
}
