import type { Session, Tensor, Tensors } from "../../engine/index.ts";
import type { RunGraph } from "../device/runtime.ts";
import { type Batching, type BatchShape, batchShape } from "./batch-shapes.ts";
import { type CurrentGroup, currentGroup } from "./current-group.ts";
import { FairQueue } from "./fair-queue.ts";

export interface BatcherOptions {
  /** Asked before each batch, as another process may have another runtime. */
  readonly batching: () => Batching;
  readonly onBatch?: (batch: { readonly images: number; readonly shape: BatchShape }) => void;
  /** An image that is being encoded already, or waits for it, was asked for again. */
  readonly onShared?: () => void;
  /** How much of the device a caller has had. */
  readonly servedOf?: (caller: string) => number;
  /** Milliseconds; `performance.now` unless a test says otherwise. */
  readonly now?: () => number;
}

/** An image to encode, and everybody who asked for it. */
interface Entry {
  readonly image: Tensor;
  /** Who asked for it first. */
  readonly caller: string;
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  resolve(outputs: Tensors): void;
  reject(error: unknown): void;
}

/**
 * Turns the encoder's runs, one image each, into runs of whole batches. What is in a batch is decided
 * when the device is free for it, so that the busier it is the larger batches become, and no image
 * ever waits for another that may come. Images of all groups go into one batch, the same image only
 * once.
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
  /** What the device is busy with, or about to be. */
  #batch: readonly Entry[] = [];
  /** Takes back the run that was asked for while nothing has been put into it. */
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
        // Not a batch that is being run: there are others in it, or may come to be.
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

  /** One run at a time: what comes meanwhile makes up the next. */
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

  /** For whom the device is, or would be. */
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
    // Refused before its turn came, and not because everybody had left: all who wait are meant.
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

/** Ends at the first byte that differs: two photographs differ early. */
function equal(a: Tensor, b: Tensor): boolean {
  return a.data.length === b.data.length && Buffer.compare(bytes(a), bytes(b)) === 0;
}

function bytes({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
