import type { Session, Tensor, Tensors } from "../../engine/index.ts";
import type { RunGraph } from "../device/runtime.ts";
import { type Batching, type BatchShape, batchShape } from "./batch-shapes.ts";
import { type CurrentGroup, currentGroup } from "./current-group.ts";
import { FairQueue } from "./fair-queue.ts";

export interface BatcherOptions {
  /** Asked before each batch, as another process may have another runtime. */
  readonly batching: () => Batching;
  readonly onBatch?: (batch: { readonly images: number; readonly shape: BatchShape }) => void;
  /** Called when an image is requested that is already being encoded or waiting. */
  readonly onShared?: () => void;
  /** The device time that a caller has used. */
  readonly servedOf?: (caller: string) => number;
  /** Milliseconds; `performance.now` unless a test says otherwise. */
  readonly now?: () => number;
}

/** An image to encode, and all requests for it. */
interface Entry {
  readonly image: Tensor;
  /** Caller of the first request. */
  readonly caller: string;
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  resolve(outputs: Tensors): void;
  reject(error: unknown): void;
}

/**
 * Combines encoder runs of one image each into runs of batches. A batch is composed when the device is
 * free. So batches become larger when the device is busier, and no image waits for others to arrive.
 * A batch may have images of several groups. The same image is encoded once.
 *
 * @param run of a graph whose only input is `image`, `[batch, ...]`
 */
export function batched(run: RunGraph, options: BatcherOptions): Session["run"] {
  const batcher = new Batcher(run, options);
  return async function runBatched({ image }) {
    if (image?.dims[0] !== 1) throw new Error("expected one image");
    return batcher.encode(image, currentGroup());
  };
}

class Batcher {
  readonly #run: RunGraph;
  readonly #options: BatcherOptions;
  readonly #now: () => number;
  readonly #queue: FairQueue<Entry>;
  /** The batch that runs, or is about to. */
  #batch: readonly Entry[] = [];
  /** Cancels the requested run as long as its batch has not been composed. */
  #pendingRun: AbortController | undefined;

  constructor(run: RunGraph, options: BatcherOptions) {
    this.#run = run;
    this.#options = options;
    this.#queue = new FairQueue(options.servedOf);
    this.#now = options.now ?? (() => performance.now());
  }

  encode(image: Tensor, group: CurrentGroup | undefined): Promise<Tensors> {
    const entry = this.#findEqual(image) ?? this.#enqueue(image, group);
    const outcome = this.#outcome(entry, group?.signal);
    this.#requestRun();
    return outcome;
  }

  #findEqual(image: Tensor): Entry | undefined {
    const isSame = (entry: Entry) => equal(entry.image, image);
    const known = this.#batch.find(isSame) ?? this.#queue.find(isSame);
    if (known !== undefined) this.#options.onShared?.();
    return known;
  }

  #enqueue(image: Tensor, group: CurrentGroup | undefined): Entry {
    const flow = group ?? { images: 1, caller: "", served: 0 };
    const entry: Entry = { image, caller: flow.caller, waiters: new Set() };
    this.#queue.push(entry, flow, this.#now());
    return entry;
  }

  #outcome(entry: Entry, signal: AbortSignal | undefined): Promise<Tensors> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        entry.waiters.delete(waiter);
        reject(signal?.reason);
        if (entry.waiters.size > 0) return;
        this.#queue.remove(entry);
        // A running batch is not cancelled, since it may have other requests' images.
        if (this.#queue.length === 0 && this.#batch.length === 0) this.#pendingRun?.abort();
      };
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          signal?.removeEventListener("abort", leave);
          settle(value);
        };
      };
      const waiter: Waiter = { resolve: settled(resolve), reject: settled(reject) };
      entry.waiters.add(waiter);
      if (signal?.aborted) leave();
      else signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** One run at a time. Images that arrive meanwhile are in the next one. */
  #requestRun(): void {
    if (this.#pendingRun !== undefined || this.#queue.length === 0) return;
    const run = new AbortController();
    this.#pendingRun = run;
    const callers = () => this.#callers();
    this.#run(() => this.#compose(), { signal: run.signal, callers })
      .then(
        (outputs) => this.#deliver(outputs),
        (error) => this.#fail(error, run.signal),
      )
      .finally(() => {
        this.#batch = [];
        this.#pendingRun = undefined;
        this.#requestRun();
      });
  }

  /** Callers of the running batch, or the caller who is next. */
  #callers(): readonly string[] {
    if (this.#batch.length > 0) return this.#batch.map(({ caller }) => caller);
    return [this.#queue.caller(this.#now()) ?? ""];
  }

  #compose(): Tensors {
    const shape = batchShape(this.#queue.length, this.#options.batching());
    this.#batch = this.#queue.take(shape, this.#now());
    this.#options.onBatch?.({ images: this.#batch.length, shape });
    const { dims, data } = (this.#batch[0] as Entry).image;
    const all = new Float32Array(shape * data.length);
    for (const [i, { image }] of this.#batch.entries()) all.set(image.data, i * data.length);
    return { image: { dims: [shape, ...dims.slice(1)], data: all } };
  }

  #deliver(outputs: Tensors): void {
    for (const [i, { waiters }] of this.#batch.entries()) {
      const own = Object.fromEntries(
        Object.entries(outputs).map(([name, tensor]) => [name, part(tensor, i)]),
      );
      for (const waiter of waiters) waiter.resolve(own);
    }
  }

  #fail(error: unknown, signal: AbortSignal): void {
    const failed = [...this.#batch];
    // The run was refused before a batch was composed, so the error is for all waiting images.
    if (failed.length === 0 && !signal.aborted) {
      failed.push(...this.#queue.take(this.#queue.length, this.#now()));
    }
    for (const { waiters } of failed) for (const waiter of waiters) waiter.reject(error);
  }
}

/** Of image `i` of a batch: `[1, ...]`. */
function part({ dims, data }: Tensor, i: number): Tensor {
  const size = data.length / (dims[0] as number);
  return { dims: [1, ...dims.slice(1)], data: data.subarray(i * size, (i + 1) * size) };
}

/** Stops at the first different byte. Two photographs differ early. */
function equal(a: Tensor, b: Tensor): boolean {
  return a.data.length === b.data.length && Buffer.compare(bytes(a), bytes(b)) === 0;
}

function bytes({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
