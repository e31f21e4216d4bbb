import { CosalError } from "../../errors.ts";
import { storeFull } from "../../group/index.ts";
import { delay } from "./delay.ts";
import { batchId, fingerprintOf } from "./identity.ts";
import { LocalBatch } from "./local-batch.ts";
import { fingerprinted } from "./manifest.ts";
import { Semaphore } from "./semaphore.ts";
import type {
  BatchEvent,
  Batches,
  BatchHeader,
  BatchLimits,
  BatchLine,
  BatchStorage,
  DeliverResults,
  HourPrice,
  RunUnit,
} from "./types.ts";
import { problemFor, RETRY_DELAY, UnitRunner } from "./unit-runner.ts";
import { workUnits } from "./work-units.ts";

export interface LocalBatchesOptions {
  readonly storage: BatchStorage;
  readonly run: RunUnit;
  /** Called with all results before a batch is completed. */
  readonly deliver?: DeliverResults;
  readonly limits: BatchLimits;
  readonly price?: HourPrice | undefined;
  /** Milliseconds before a unit is retried after a fault of the service. Doubled each time. */
  readonly retryDelay?: number;
  /** Whether this process computes batches. */
  readonly isComputing?: boolean;
}

export interface LocalBatches extends Batches {
  /** Bytes of all batches together. */
  readonly size: number;
  /** Stops running units. The next process continues. */
  stop(): Promise<void>;
}

/** Minimum interval of the states that a follower gets, in milliseconds. */
const EVENT_INTERVAL = 1_000;

/** Interval at which a server announces the pending work, in milliseconds. */
const ANNOUNCE_INTERVAL = 5_000;

/** Interval at which a server checks units of other servers, in milliseconds. */
const CLAIM_INTERVAL = 500;

/** Stands for the delivery of the results where servers agree on who computes a unit: lines begin with 1. */
const DELIVERY = 0;

const UNSHARED = { release: async () => {} };

/** Assumed bytes of a result. A batch is accepted only if there is room for all of its results. */
const RESULT_BYTES = 500;

/** Share of the bytes that one tenant may use if there are several. */
const TENANT_SHARE = 0.5;

/**
 * Batches in a storage. Unfinished batches continue when the storage is opened again. Results are only in
 * the journal, so a crash loses the units that were running, and nothing else. Several processes can
 * share a storage. Each computes the units that it obtains.
 */
export async function localBatches(options: LocalBatchesOptions): Promise<LocalBatches> {
  const batches = new Batching(options);
  await batches.recover();
  return batches;
}

class Batching implements LocalBatches {
  readonly limits: BatchLimits;
  readonly price: HourPrice | undefined;
  readonly #storage: BatchStorage;
  readonly #units: UnitRunner;
  readonly #deliver: DeliverResults;
  readonly #retryDelay: number;
  readonly #isComputing: boolean;
  readonly #batches = new Map<string, LocalBatch>();
  readonly #creating = new Map<string, Promise<unknown>>();
  /** The batches that this process knows, by id. */
  readonly #work = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor({
    storage,
    run,
    deliver = async () => {},
    limits,
    price,
    retryDelay = RETRY_DELAY,
    isComputing = true,
  }: LocalBatchesOptions) {
    this.#storage = storage;
    this.#isComputing = isComputing;
    this.#units = new UnitRunner(run, retryDelay);
    this.#deliver = deliver;
    this.#retryDelay = retryDelay;
    this.limits = limits;
    this.price = price;
  }

  get size(): number {
    return this.#bytesOf(() => true);
  }

  async recover(): Promise<void> {
    await this.#discover();
    const { shared } = this.#storage;
    if (shared === undefined) return;
    const stopListening = shared.listen((id) => {
      this.#onChange(id).catch(() => {});
    });
    const announcing = setInterval(() => {
      shared.announce(this.#pending).catch(() => {});
    }, ANNOUNCE_INTERVAL);
    this.#stop.signal.addEventListener("abort", () => {
      stopListening();
      clearInterval(announcing);
    });
  }

  /** Photographs of running batches that have no result yet. */
  get #pending(): number {
    return this.#batches
      .values()
      .reduce((sum, batch) => sum + (batch.isRunning ? batch.progress.pending : 0), 0);
  }

  /** Adds new batches of the storage and forgets those that have been removed from it. */
  async #discover(): Promise<void> {
    const known = [...this.#batches.keys()];
    const found = new Set<string>();
    for await (const { header, records } of this.#storage.list()) {
      found.add(header.id);
      if (this.#batches.has(header.id)) continue;
      const batch = new LocalBatch(header, this.#storage);
      for await (const placed of records) batch.count(placed);
      this.#batches.set(batch.id, batch);
    }
    for (const id of known) if (!found.has(id)) this.#forget(id);
    for (const batch of this.#batches.values()) this.#start(batch);
  }

  /** Handles a change by this or another server. */
  async #onChange(id: string | undefined): Promise<void> {
    if (id !== undefined && this.#creating.has(id)) return;
    const batch = id === undefined ? undefined : this.#batches.get(id);
    if (batch === undefined) await this.#discover();
    for (const one of batch === undefined ? this.#batches.values() : [batch]) {
      await one.refresh();
      this.#start(one);
    }
  }

  async submit({ request, lines, idempotencyKey }: Parameters<Batches["submit"]>[0]) {
    const id = await batchId(request.tenant, idempotencyKey);
    // Of equal requests at the same time, only one makes a batch.
    while (this.#creating.has(id)) await this.#creating.get(id)?.catch(() => {});
    const creation = this.#create(id, request, lines);
    this.#creating.set(id, creation);
    try {
      return (await creation).state();
    } finally {
      this.#creating.delete(id);
    }
  }

  async get(tenant: string, id: string) {
    return (await this.#find(tenant, id))?.state();
  }

  async act(tenant: string, id: string, action: Parameters<Batches["act"]>[2]) {
    const batch = await this.#find(tenant, id);
    if (batch === undefined) return undefined;
    const { progress } = batch;
    if (action === "pause" && progress.status === "running") await batch.change("paused");
    if (action === "resume" && progress.status === "paused") await batch.change("running");
    if (action === "cancel" && !progress.hasEnded) await batch.change("cancelled");
    if (action === "retry" && progress.failed > 0 && progress.status !== "cancelled") {
      await batch.append({ retried: new Date().toISOString() });
      if (progress.status === "completed") await batch.change("running");
    }
    this.#start(batch);
    return batch.state();
  }

  async remove(tenant: string, id: string) {
    const batch = await this.#find(tenant, id);
    if (batch === undefined) return false;
    if (!batch.progress.hasEnded) await batch.change("cancelled");
    // Running units may still write.
    await this.#work.get(id);
    this.#forget(id);
    await this.#storage.remove(id);
    return true;
  }

  async events(tenant: string, id: string, after: number, signal: AbortSignal) {
    const batch = await this.#find(tenant, id);
    if (batch === undefined) return undefined;
    if (await this.#storage.isEnd(id, after)) return this.#follow(batch, after, signal);
    throw new CosalError("option_invalid", "Expected Last-Event-ID to be the number of an event.");
  }

  async results(tenant: string, id: string, order: "manifest" | "done") {
    const batch = await this.#find(tenant, id);
    return batch && (order === "manifest" ? this.#inOrder(batch) : this.#asDone(batch));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the server is stopping"));
    await Promise.all(this.#work.values());
  }

  async #create(
    id: string,
    request: BatchHeader["request"],
    lines: AsyncIterable<BatchLine>,
  ): Promise<LocalBatch> {
    const known = await this.#find(request.tenant, id);
    const read = fingerprinted(lines);
    if (known === undefined) await this.#storage.writeManifest(id, read.lines);
    else for await (const _ of read.lines);
    const { digest, total } = read.result();
    const fingerprint = await fingerprintOf(request, digest);
    if (known !== undefined) {
      if (known.header.fingerprint === fingerprint) return known;
      const message = "This Idempotency-Key was used for another batch.";
      throw new CosalError("idempotency_mismatch", message);
    }
    const header = { id, request, fingerprint, total, created: new Date().toISOString() };
    try {
      await this.#makeRoom(request.tenant, this.#storage.sizeOf(id) + total * RESULT_BYTES);
      await this.#storage.create(header);
    } catch (error) {
      await this.#storage.remove(id).catch(() => {});
      throw error;
    }
    const batch = new LocalBatch(header, this.#storage);
    this.#batches.set(id, batch);
    this.#start(batch);
    return batch;
  }

  /** Forgets batches that have ended, the oldest first. @throws CosalError store_full */
  async #makeRoom(tenant: string, bytes: number): Promise<void> {
    const all = this.#storage.bytes;
    const own = tenant === "" ? all : all * TENANT_SHARE;
    for (;;) {
      const isOwn = (batch: LocalBatch) => batch.tenant === tenant;
      const isOver = this.#bytesOf(isOwn) + bytes > own;
      if (!isOver && this.size + bytes <= all) return;
      const oldest = this.#batches
        .values()
        .filter((batch) => batch.progress.hasEnded && (!isOver || isOwn(batch)))
        .reduce<LocalBatch | undefined>(
          (old, one) => (old && old.progress.updated <= one.progress.updated ? old : one),
          undefined,
        );
      if (oldest === undefined) throw storeFull(new Error("batches take all there is for them"));
      this.#forget(oldest.id);
      await this.#storage.remove(oldest.id);
    }
  }

  #forget(id: string): void {
    this.#batches.get(id)?.stop.abort(new Error("the batch was removed"));
    this.#batches.delete(id);
  }

  /** Bytes of all batches, including the future results of those that have not ended. */
  #bytesOf(isMeant: (batch: LocalBatch) => boolean): number {
    let bytes = 0;
    for (const batch of this.#batches.values()) {
      const { pending, hasEnded } = batch.progress;
      if (!isMeant(batch)) continue;
      bytes += this.#storage.sizeOf(batch.id) + (hasEnded ? 0 : pending * RESULT_BYTES);
    }
    return bytes;
  }

  async #find(tenant: string, id: string): Promise<LocalBatch | undefined> {
    if (this.#storage.shared !== undefined && !this.#batches.has(id)) await this.#discover();
    const batch = this.#batches.get(id);
    if (batch?.tenant !== tenant) return undefined;
    // Other servers may have written records before this request.
    if (this.#storage.shared !== undefined) await batch.refresh();
    return batch;
  }

  #start(batch: LocalBatch): void {
    if (!this.#isComputing || this.#stop.signal.aborted) return;
    if (batch.isWorking || batch.progress.status !== "running") return;
    batch.isWorking = true;
    const work = this.#workOn(batch).finally(() => {
      batch.isWorking = false;
      this.#work.delete(batch.id);
      // Meanwhile it may have been resumed, or lines may be pending again.
      if (!batch.stop.signal.aborted) this.#start(batch);
    });
    this.#work.set(batch.id, work);
  }

  /** Computes units until every line has a result or the batch is stopped. */
  async #workOn(batch: LocalBatch): Promise<void> {
    const { id, header, progress } = batch;
    const { parallelism, consensusOf } = header.request;
    const signal = AbortSignal.any([batch.stop.signal, this.#stop.signal]);
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
      await this.#deliver(batch.header, this.#inOrder(batch, signal));
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

  async *#follow(
    batch: LocalBatch,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<BatchEvent> {
    let place = after;
    if (!batch.progress.hasEnded) yield { event: "batch", data: batch.state() };
    for (;;) {
      const isLast = batch.progress.hasEnded;
      for await (const { record, end } of this.#storage.records(batch.id, place)) {
        place = end;
        if ("result" in record) yield { event: "result", data: record.result, number: end };
        if (signal.aborted) return;
      }
      yield { event: "batch", data: batch.state() };
      if (isLast) return;
      if (!batch.progress.hasEnded) await batch.nextChange(signal);
      if (!batch.progress.hasEnded) await delay(EVENT_INTERVAL, signal);
      if (signal.aborted) return;
    }
  }

  async *#inOrder(batch: LocalBatch, signal?: AbortSignal) {
    for await (const record of this.#storage.read(batch.id, batch.progress.starts())) {
      signal?.throwIfAborted();
      if ("result" in record) yield record.result;
    }
  }

  async *#asDone(batch: LocalBatch) {
    for await (const placed of this.#storage.records(batch.id, 0)) {
      if ("result" in placed.record && batch.progress.isCurrent(placed)) {
        yield placed.record.result;
      }
    }
  }
}
