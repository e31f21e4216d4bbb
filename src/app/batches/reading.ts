import { delay } from "./delay.ts";
import type { LocalBatch } from "./local-batch.ts";
import type { BatchEvent, BatchStorage, LineResult } from "./types.ts";

/** Minimum interval of the states that a follower gets, in milliseconds. */
const EVENT_INTERVAL = 1_000;

/** A batch's states and its results after a position, until it has ended. */
export async function* follow(
  storage: BatchStorage,
  batch: LocalBatch,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<BatchEvent> {
  let place = after;
  if (!batch.progress.hasEnded) yield { event: "batch", data: batch.state() };
  for (;;) {
    const isLast = batch.progress.hasEnded;
    for await (const placed of storage.records(batch.id, place)) {
      const { record, end } = placed;
      // Whether a later record changes anything is not known yet.
      if (end > batch.place) break;
      place = end;
      if ("result" in record && batch.progress.isCurrent(placed)) {
        yield { event: "result", data: record.result, number: end };
      }
      if (signal.aborted) return;
    }
    yield { event: "batch", data: batch.state() };
    if (isLast) return;
    if (!batch.progress.hasEnded && batch.place === place) await batch.nextChange(signal);
    if (!batch.progress.hasEnded) await delay(EVENT_INTERVAL, signal);
    if (signal.aborted) return;
  }
}

/** The results so far, in the order of the manifest. */
export async function* inOrder(
  storage: BatchStorage,
  { id, progress }: LocalBatch,
  signal?: AbortSignal,
): AsyncGenerator<LineResult> {
  for await (const record of storage.read(id, progress.starts())) {
    signal?.throwIfAborted();
    if ("result" in record) yield record.result;
  }
}

/** The results so far, in the order in which they were done. */
export async function* asDone(
  storage: BatchStorage,
  { id, progress }: LocalBatch,
): AsyncGenerator<LineResult> {
  for await (const placed of storage.records(id, 0)) {
    if ("result" in placed.record && progress.isCurrent(placed)) yield placed.record.result;
  }
}
