import { BatchProgress } from "./progress.ts";
import { Rate } from "./rate.ts";
import type {
  Batch,
  BatchHeader,
  BatchRecord,
  BatchStatus,
  BatchStorage,
  LineProblem,
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
   * gets no other.
   */
  async append(...records: readonly BatchRecord[]): Promise<void> {
    const write = this.#writing.then(async () => {
      const taken = records.filter((record) => this.progress.takes(record));
      if (taken.length === 0) return;
      for (const placed of await this.#storage.append(this.id, taken)) this.progress.apply(placed);
      if (taken.some((record) => "result" in record)) {
        this.progress.updated = new Date().toISOString();
        this.#rate.add(this.done);
      }
      this.changed();
    });
    this.#writing = write.catch(() => {});
    await write;
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
