import { LocalBatch } from "./local-batch.ts";
import type { BatchStorage } from "./types.ts";

/** Interval at which a server announces the pending work, in milliseconds. */
const ANNOUNCE_INTERVAL = 5_000;

/** The batches of a storage, as this process knows them. Other servers may add, change and remove some. */
export class KnownBatches {
  readonly #storage: BatchStorage;
  readonly #onChange: (batch: LocalBatch) => void;
  readonly #batches = new Map<string, LocalBatch>();

  /** @param onChange called with each batch that was found or may have changed */
  constructor(storage: BatchStorage, onChange: (batch: LocalBatch) => void) {
    this.#storage = storage;
    this.#onChange = onChange;
  }

  values(): IteratorObject<LocalBatch> {
    return this.#batches.values();
  }

  add(batch: LocalBatch): void {
    this.#batches.set(batch.id, batch);
  }

  forget(id: string): void {
    this.#batches.get(id)?.stop.abort(new Error("the batch was removed"));
    this.#batches.delete(id);
  }

  async find(tenant: string, id: string): Promise<LocalBatch | undefined> {
    if (this.#storage.shared !== undefined && !this.#batches.has(id)) await this.discover();
    const batch = this.#batches.get(id);
    if (batch?.tenant !== tenant) return undefined;
    // Other servers may have written records before this request.
    if (this.#storage.shared !== undefined) await batch.refresh();
    return batch;
  }

  /** Adds new batches of the storage and forgets those that have been removed from it. */
  async discover(): Promise<void> {
    const known = [...this.#batches.keys()];
    const found = new Set<string>();
    for await (const { header, records } of this.#storage.list()) {
      found.add(header.id);
      if (this.#batches.has(header.id)) continue;
      const batch = new LocalBatch(header, this.#storage);
      for await (const placed of records) batch.count(placed);
      this.add(batch);
    }
    for (const id of known) if (!found.has(id)) this.forget(id);
    for (const batch of this.#batches.values()) this.#onChange(batch);
  }

  /**
   * Notices what other servers do, and tells them how much there is to do.
   *
   * @param isIgnored whether a change of this batch needs no notice
   */
  share(isIgnored: (id: string) => boolean, signal: AbortSignal): void {
    const { shared } = this.#storage;
    if (shared === undefined) return;
    const stopListening = shared.listen((id) => {
      if (id !== undefined && isIgnored(id)) return;
      this.#refresh(id).catch(() => {});
    });
    const announcing = setInterval(() => {
      shared.announce(this.#pending).catch(() => {});
    }, ANNOUNCE_INTERVAL);
    signal.addEventListener("abort", () => {
      stopListening();
      clearInterval(announcing);
    });
  }

  /** Reads what was written to a batch, or to all of them. */
  async #refresh(id: string | undefined): Promise<void> {
    const batch = id === undefined ? undefined : this.#batches.get(id);
    if (batch === undefined) await this.discover();
    for (const one of batch === undefined ? this.#batches.values() : [batch]) {
      await one.refresh();
      this.#onChange(one);
    }
  }

  /** Photographs of running batches that have no result yet. */
  get #pending(): number {
    return this.#batches
      .values()
      .reduce((sum, batch) => sum + (batch.isRunning ? batch.progress.pending : 0), 0);
  }
}
