import type { Tensors } from "../../engine/index.ts";
import type { OpenGraph } from "./supervisor.ts";

/** A run that the device is asked for. */
export interface Wanted {
  readonly graph: OpenGraph;
  /** Called when its turn comes, once. */
  readonly inputs: () => Tensors;
  /** Takes it out of the queue. */
  readonly signal?: AbortSignal | undefined;
  /** Whose run it is: sources take turns. */
  readonly source?: object | undefined;
}

export interface Job extends Wanted {
  /** Processes that have begun it. */
  attempts: number;
  /** The inputs, once its turn has come: the same for each attempt. */
  tensors?: Tensors;
  resolve(outputs: Tensors): void;
  reject(error: unknown): void;
}

/**
 * Jobs that outlive the process that takes them. Each source has its own in the order asked for, and
 * sources take turns: a group that asks for many runs at once does not hold up one that asks for few.
 */
export class JobQueue {
  /** In the order of their next turns; none is empty. */
  readonly #sources = new Map<object | undefined, Job[]>();
  /** What a process that is gone had begun, before all others. */
  readonly #begun: Job[] = [];
  #changed = Promise.withResolvers<void>();
  #closed: unknown;

  get length(): number {
    return this.#all().length;
  }

  /** Resolves when the job is done. */
  add(wanted: Wanted): Promise<Tensors> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const { signal } = wanted;
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.#remove(job);
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
      const line = this.#sources.get(wanted.source);
      if (line === undefined) this.#sources.set(wanted.source, [job]);
      else line.push(job);
      this.wake();
    });
  }

  take(): Job | undefined {
    const begun = this.#begun.shift();
    if (begun !== undefined) return begun;
    const [next] = this.#sources;
    if (next === undefined) return undefined;
    const [source, line] = next;
    const job = line.shift();
    this.#sources.delete(source);
    if (line.length > 0) this.#sources.set(source, line);
    return job;
  }

  /** For the next process. */
  putBack(job: Job): void {
    if (job.signal?.aborted) return;
    this.#begun.push(job);
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
    this.#begun.length = 0;
    this.#sources.clear();
    for (const job of all) job.reject(error);
  }

  /** Everything that waits or comes fails. */
  close(error: unknown): void {
    this.#closed = error;
    this.refuse(error);
  }

  #all(): Job[] {
    return [...this.#begun, ...[...this.#sources.values()].flat()];
  }

  #remove(job: Job): void {
    const line = this.#sources.get(job.source);
    for (const jobs of [this.#begun, line]) {
      const at = jobs?.indexOf(job) ?? -1;
      if (at >= 0) jobs?.splice(at, 1);
    }
    if (line?.length === 0) this.#sources.delete(job.source);
  }
}
