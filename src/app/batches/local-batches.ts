import { CosalError } from "../../errors.ts";
import { BatchWorker } from "./batch-worker.ts";
import { Capacity } from "./capacity.ts";
import { batchId, fingerprintOf } from "./identity.ts";
import { KnownBatches } from "./known-batches.ts";
import { LocalBatch } from "./local-batch.ts";
import { fingerprinted } from "./manifest.ts";
import { asDone, follow, inOrder } from "./reading.ts";
import type {
  Batches,
  BatchHeader,
  BatchLimits,
  BatchLine,
  BatchStorage,
  DeliverResults,
  HourPrice,
  RunUnit,
} from "./types.ts";
import { RETRY_DELAY } from "./unit-runner.ts";

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
  readonly #batches: KnownBatches;
  readonly #capacity: Capacity;
  readonly #worker: BatchWorker;
  readonly #isComputing: boolean;
  readonly #creating = new Map<string, Promise<unknown>>();
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
    this.#batches = new KnownBatches(storage, (batch) => this.#start(batch));
    this.#capacity = new Capacity(storage, this.#batches);
    this.#worker = new BatchWorker({ storage, run, deliver, retryDelay, stop: this.#stop.signal });
    this.limits = limits;
    this.price = price;
  }

  get size(): number {
    return this.#capacity.used;
  }

  async recover(): Promise<void> {
    await this.#batches.discover();
    this.#batches.share((id) => this.#creating.has(id), this.#stop.signal);
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
    return (await this.#batches.find(tenant, id))?.state();
  }

  async act(tenant: string, id: string, action: Parameters<Batches["act"]>[2]) {
    const batch = await this.#batches.find(tenant, id);
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
    const batch = await this.#batches.find(tenant, id);
    if (batch === undefined) return false;
    if (!batch.progress.hasEnded) await batch.change("cancelled");
    // Running units may still write.
    await this.#worker.settled(id);
    this.#batches.forget(id);
    await this.#storage.remove(id);
    return true;
  }

  async events(tenant: string, id: string, after: number, signal: AbortSignal) {
    const batch = await this.#batches.find(tenant, id);
    if (batch === undefined) return undefined;
    if (await this.#storage.isEnd(id, after)) return follow(this.#storage, batch, after, signal);
    throw new CosalError("option_invalid", "Expected Last-Event-ID to be the number of an event.");
  }

  async results(tenant: string, id: string, order: "manifest" | "done") {
    const batch = await this.#batches.find(tenant, id);
    return batch && (order === "manifest" ? inOrder : asDone)(this.#storage, batch);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the server is stopping"));
    await this.#worker.settled();
  }

  async #create(
    id: string,
    request: BatchHeader["request"],
    lines: AsyncIterable<BatchLine>,
  ): Promise<LocalBatch> {
    const known = await this.#batches.find(request.tenant, id);
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
      await this.#capacity.makeRoom(request.tenant, id, total);
      await this.#storage.create(header);
    } catch (error) {
      await this.#storage.remove(id).catch(() => {});
      throw error;
    }
    const batch = new LocalBatch(header, this.#storage);
    this.#batches.add(batch);
    this.#start(batch);
    return batch;
  }

  #start(batch: LocalBatch): void {
    if (this.#isComputing) this.#worker.start(batch);
  }
}
