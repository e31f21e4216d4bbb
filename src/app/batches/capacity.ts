import { storeFull } from "../../group/index.ts";
import type { KnownBatches } from "./known-batches.ts";
import type { LocalBatch } from "./local-batch.ts";
import type { BatchStorage } from "./types.ts";

/** Assumed bytes of a result. A batch is accepted only if there is room for all of its results. */
const RESULT_BYTES = 500;

/** Share of the bytes that one tenant may use if there are several. */
const TENANT_SHARE = 0.5;

/** The bytes that batches take of a storage. */
export class Capacity {
  readonly #storage: BatchStorage;
  readonly #batches: KnownBatches;

  constructor(storage: BatchStorage, batches: KnownBatches) {
    this.#storage = storage;
    this.#batches = batches;
  }

  /** Bytes of all batches, including the future results of those that have not ended. */
  get used(): number {
    return this.#usedBy(() => true);
  }

  /**
   * Makes room for a batch whose manifest is written. Batches that have ended are removed, the oldest
   * first.
   *
   * @param total its lines
   * @throws CosalError store_full
   */
  async makeRoom(tenant: string, id: string, total: number): Promise<void> {
    const bytes = this.#storage.sizeOf(id) + total * RESULT_BYTES;
    const all = this.#storage.bytes;
    const own = tenant === "" ? all : all * TENANT_SHARE;
    for (;;) {
      const isOwn = (batch: LocalBatch) => batch.tenant === tenant;
      const isOver = this.#usedBy(isOwn) + bytes > own;
      if (!isOver && this.used + bytes <= all) return;
      const oldest = this.#batches
        .values()
        .filter((batch) => batch.progress.hasEnded && (!isOver || isOwn(batch)))
        .reduce<LocalBatch | undefined>(
          (old, one) => (old && old.progress.updated <= one.progress.updated ? old : one),
          undefined,
        );
      if (oldest === undefined) throw storeFull(new Error("batches take all there is for them"));
      this.#batches.forget(oldest.id);
      await this.#storage.remove(oldest.id);
    }
  }

  #usedBy(isMeant: (batch: LocalBatch) => boolean): number {
    let bytes = 0;
    for (const batch of this.#batches.values()) {
      const { pending, hasEnded } = batch.progress;
      if (!isMeant(batch)) continue;
      bytes += this.#storage.sizeOf(batch.id) + (hasEnded ? 0 : pending * RESULT_BYTES);
    }
    return bytes;
  }
}
