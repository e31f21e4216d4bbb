import { FairShares } from "../../app/index.ts";
import type { Tensors } from "../../engine/index.ts";
import type { OpenGraph } from "./graph.ts";

/** A run of a graph on the device. */
export interface RunRequest {
  readonly graph: OpenGraph;
  /** Called once, when the device is ready for the run. */
  readonly inputs: () => Tensors;
  /** Removes the run from the queue. */
  readonly signal?: AbortSignal | undefined;
  /** The source of the run, e.g. a group. Sources of one caller take turns. */
  readonly source?: object | undefined;
  /** The callers of the run: those that wait for it, and after it starts those that it serves. */
  readonly callers?: (() => readonly string[]) | undefined;
}

export interface QueuedRun extends RunRequest {
  /** How many processes have started it. */
  attempts: number;
  /** The inputs, set at the first attempt and used for each. */
  tensors?: Tensors;
  resolve(outputs: Tensors): void;
  reject(error: unknown): void;
}

/**
 * Runs that wait for the device. They outlive a device process. The caller that has used the least
 * device time comes next. Runs of one source stay in order, and sources of one caller take turns, so
 * a group with many runs does not delay a group with few.
 */
export class RunQueue {
  /** Waiting runs by source, in the order of the sources' next turns. No list is empty. */
  readonly #sources = new Map<object | undefined, QueuedRun[]>();
  readonly #shares = new FairShares();
  /** Runs that an ended process had started. They come before all others. */
  readonly #interrupted: QueuedRun[] = [];
  #changed = Promise.withResolvers<void>();
  #closed: unknown;

  get length(): number {
    return this.#all().length;
  }

  /** Resolves when the run is done. */
  add(request: RunRequest): Promise<Tensors> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const { signal } = request;
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.#remove(run);
        reject(signal?.reason);
      };
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          signal?.removeEventListener("abort", leave);
          settle(value);
        };
      };
      const run: QueuedRun = {
        ...request,
        attempts: 0,
        resolve: settled(resolve),
        reject: settled(reject),
      };
      signal?.addEventListener("abort", leave, { once: true });
      const runs = this.#sources.get(request.source);
      if (runs === undefined) this.#sources.set(request.source, [run]);
      else runs.push(run);
      this.wake();
    });
  }

  take(): QueuedRun | undefined {
    const interrupted = this.#interrupted.shift();
    if (interrupted !== undefined) return interrupted;
    const [first, ...others] = this.#sources;
    if (first === undefined) return undefined;
    const [source, runs] = others.reduce(
      (least, other) => (this.#servedBefore(other) < this.#servedBefore(least) ? other : least),
      first,
    );
    const run = runs.shift() as QueuedRun;
    this.#sources.delete(source);
    if (runs.length > 0) this.#sources.set(source, runs);
    this.#shares.begin(this.#leastServed(run));
    return run;
  }

  /** Charges a run's time to its callers. */
  count({ callers = () => [""] }: QueuedRun, milliseconds: number): void {
    const served = callers();
    for (const caller of served) this.#shares.add(caller, milliseconds / served.length);
    if (this.#sources.size === 0) this.#shares.rest();
  }

  /** Milliseconds of device time that a caller has used, for comparison with other callers. */
  servedOf(caller: string): number {
    return this.#shares.of(caller);
  }

  #servedBefore([, [run]]: [unknown, QueuedRun[]]): number {
    return this.#shares.of(this.#leastServed(run as QueuedRun));
  }

  #leastServed({ callers = () => [""] }: QueuedRun): string {
    return callers().reduce((least, caller) =>
      this.#shares.of(caller) < this.#shares.of(least) ? caller : least,
    );
  }

  /** Puts a run back for the next process. */
  putBack(run: QueuedRun): void {
    if (run.signal?.aborted) return;
    this.#interrupted.push(run);
  }

  /** Resolves at the next `add` or `wake`. */
  change(): Promise<void> {
    return this.#changed.promise;
  }

  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Rejects all waiting runs. */
  refuse(error: unknown): void {
    const all = this.#all();
    this.#interrupted.length = 0;
    this.#sources.clear();
    for (const run of all) run.reject(error);
  }

  /** Rejects all waiting runs and all future ones. */
  close(error: unknown): void {
    this.#closed = error;
    this.refuse(error);
  }

  #all(): QueuedRun[] {
    return [...this.#interrupted, ...[...this.#sources.values()].flat()];
  }

  #remove(run: QueuedRun): void {
    const own = this.#sources.get(run.source);
    for (const runs of [this.#interrupted, own]) {
      const at = runs?.indexOf(run) ?? -1;
      if (at >= 0) runs?.splice(at, 1);
    }
    if (own?.length === 0) this.#sources.delete(run.source);
  }
}
