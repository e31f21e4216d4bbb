import type { Tensors } from "../../engine/index.ts";
import type { OpenGraph } from "./graph.ts";

/** A run that the device is asked for. */
export interface RunRequest {
  readonly graph: OpenGraph;
  /** Called when its turn comes, once. */
  readonly inputs: () => Tensors;
  /** Takes it out of the queue. */
  readonly signal?: AbortSignal | undefined;
  /** Whose run it is: sources take turns. */
  readonly source?: object | undefined;
}

export interface QueuedRun extends RunRequest {
  /** How many processes have started it. */
  attempts: number;
  /** The inputs, once its turn has come: the same for each attempt. */
  tensors?: Tensors;
  resolve(outputs: Tensors): void;
  reject(error: unknown): void;
}

/**
 * Runs that outlive the process that takes them. Each source has its own in the order asked for, and
 * sources take turns: a group that asks for many runs at once does not hold up one that asks for few.
 */
export class RunQueue {
  /** In the order of their next turns; none is empty. */
  readonly #sources = new Map<object | undefined, QueuedRun[]>();
  /** What a process that is gone had begun, before all others. */
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
    const [next] = this.#sources;
    if (next === undefined) return undefined;
    const [source, runs] = next;
    const run = runs.shift();
    this.#sources.delete(source);
    if (runs.length > 0) this.#sources.set(source, runs);
    return run;
  }

  /** For the next process. */
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

  /** Everything that waits fails. */
  refuse(error: unknown): void {
    const all = this.#all();
    this.#interrupted.length = 0;
    this.#sources.clear();
    for (const run of all) run.reject(error);
  }

  /** Everything that waits or comes fails. */
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
