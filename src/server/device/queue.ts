import type { Tensors } from "../../engine/index.ts";
import type { OpenGraph } from "./supervisor.ts";

/** A run that the device is asked for. */
export interface Wanted {
  readonly graph: OpenGraph;
  /** Called when its turn comes, once. */
  readonly inputs: () => Tensors;
  readonly signal?: AbortSignal | undefined;
}

export interface Job extends Wanted {
  /** Processes that have begun it. */
  attempts: number;
  /** The inputs, once its turn has come: the same for each attempt. */
  tensors?: Tensors;
  resolve(outputs: Tensors): void;
  reject(error: unknown): void;
}

/** Jobs in the order asked for. They outlive the process that takes them. */
export class JobQueue {
  readonly #jobs: Job[] = [];
  #changed = Promise.withResolvers<void>();
  #closed: unknown;

  get length(): number {
    return this.#jobs.length;
  }

  /** Resolves when the job is done. */
  add(wanted: Wanted): Promise<Tensors> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const { signal } = wanted;
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        const at = this.#jobs.indexOf(job);
        if (at >= 0) this.#jobs.splice(at, 1);
        reject(signal?.reason);
      };
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          signal?.removeEventListener("abort", leave);
          settle(value);
        };
      };
      const job: Job = {
        ...wanted,
        attempts: 0,
        resolve: settled(resolve),
        reject: settled(reject),
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#jobs.push(job);
      this.wake();
    });
  }

  take(): Job | undefined {
    return this.#jobs.shift();
  }

  /** For the next process, before all others. */
  putBack(job: Job): void {
    if (job.signal?.aborted) return;
    this.#jobs.unshift(job);
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
    for (const job of this.#jobs.splice(0)) job.reject(error);
  }

  /** Everything that waits or comes fails. */
  close(error: unknown): void {
    this.#closed = error;
    this.refuse(error);
  }
}
