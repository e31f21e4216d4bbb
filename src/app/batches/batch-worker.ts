import { delay } from "./delay.ts";
import type { LocalBatch } from "./local-batch.ts";
import { inOrder } from "./reading.ts";
import { Semaphore } from "./semaphore.ts";
import type { BatchLine, BatchStorage, DeliverResults, RunUnit } from "./types.ts";
import { problemFor, UnitRunner } from "./unit-runner.ts";
import { workUnits } from "./work-units.ts";

/** Interval at which a server checks units of other servers, in milliseconds. */
const CLAIM_INTERVAL = 500;

/** Stands for the delivery of the results where servers agree on who computes a unit: lines begin with 1. */
const DELIVERY = 0;

const UNSHARED = { release: async () => {} };

export interface BatchWorkerOptions {
  readonly storage: BatchStorage;
  readonly run: RunUnit;
  /** Called with all results before a batch is completed. */
  readonly deliver: DeliverResults;
  /** Milliseconds before a second attempt. */
  readonly retryDelay: number;
  /** Aborts when the process stops. The next one continues. */
  readonly stop: AbortSignal;
}

/** Computes the work units of running batches, and has the results delivered. */
export class BatchWorker {
  readonly #storage: BatchStorage;
  readonly #units: UnitRunner;
  readonly #deliver: DeliverResults;
  readonly #retryDelay: number;
  readonly #stop: AbortSignal;
  /** The batches that are being computed, by id. */
  readonly #work = new Map<string, Promise<void>>();

  constructor({ storage, run, deliver, retryDelay, stop }: BatchWorkerOptions) {
    this.#storage = storage;
    this.#units = new UnitRunner(run, retryDelay);
    this.#deliver = deliver;
    this.#retryDelay = retryDelay;
    this.#stop = stop;
  }

  /** Begins to compute a batch if there is something to compute, and nobody does. */
  start(batch: LocalBatch): void {
    if (this.#stop.aborted || batch.isWorking || !batch.isRunning) return;
    batch.isWorking = true;
    const work = this.#workOn(batch).finally(() => {
      batch.isWorking = false;
      this.#work.delete(batch.id);
      // Meanwhile it may have been resumed, or lines may be pending again.
      if (!batch.stop.signal.aborted) this.start(batch);
    });
    this.#work.set(batch.id, work);
  }

  /** Resolves when nothing is computed, of a batch or of all. Somebody else ends it. */
  async settled(id?: string): Promise<void> {
    if (id === undefined) await Promise.all(this.#work.values());
    else await this.#work.get(id);
  }

  /** Computes units until every line has a result or the batch is stopped. */
  async #workOn(batch: LocalBatch): Promise<void> {
    const { id, header, progress } = batch;
    const { parallelism, consensusOf } = header.request;
    const signal = AbortSignal.any([batch.stop.signal, this.#stop]);
    const own = new Semaphore(parallelism);
    const units = new Set<Promise<void>>();
    const isOver = () => signal.aborted || !batch.isRunning;
    let isElsewhere = false;
    batch.beginRate();
    try {
      for await (const lines of workUnits(this.#storage.readManifest(id), consensusOf)) {
        if (isOver()) break;
        if (!lines.some(({ line }) => progress.isPending(line))) continue;
        const leave = await own.enter();
        if (isOver()) break;
        const claim = await this.#claim(batch, lines);
        if (claim === undefined) {
          isElsewhere = true;
          leave();
          continue;
        }
        const unit = this.#units.compute(batch, lines, signal).finally(async () => {
          await claim.release();
          leave();
          units.delete(unit);
        });
        units.add(unit);
      }
      await Promise.all(units);
      if (isOver()) return;
      // Other servers compute the remaining units.
      if (isElsewhere && progress.pending > 0) return await delay(CLAIM_INTERVAL, signal);
      if (progress.pending > 0) throw new Error("the manifest has fewer lines than it had");
      if (await this.#delivered(batch, signal)) await batch.change("completed");
    } catch (error) {
      if (signal.aborted) return;
      // The storage is unavailable.
      batch.waiting = problemFor(error);
      await delay(this.#retryDelay, signal);
    }
  }

  /** @returns whether the results are at their destination; false if another server writes them */
  async #delivered(batch: LocalBatch, signal: AbortSignal): Promise<boolean> {
    const claim = await (this.#storage.shared?.claim(batch.id, DELIVERY) ?? UNSHARED);
    if (claim === undefined) {
      await delay(CLAIM_INTERVAL, signal);
      return false;
    }
    try {
      await batch.refresh();
      if (!batch.isRunning || batch.progress.pending > 0) return false;
      await this.#deliver(batch.header, inOrder(this.#storage, batch, signal));
      return !signal.aborted;
    } finally {
      await claim.release();
    }
  }

  /** Obtains a unit for this server. Undefined if another server has it or it is done. */
  async #claim(batch: LocalBatch, lines: readonly BatchLine[]) {
    const { shared } = this.#storage;
    if (shared === undefined) return UNSHARED;
    const claim = await shared.claim(batch.id, lines[0]?.line ?? 0);
    await batch.refresh();
    if (claim !== undefined && lines.some(({ line }) => batch.progress.isPending(line)))
      return claim;
    await claim?.release();
    return undefined;
  }
}
