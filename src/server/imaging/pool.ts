import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { Render, Requester } from "../../app/representation/renderer.ts";
import type { Decoder } from "../../codec/index.ts";
import { nodeDecoder } from "../../codec/node.ts";
import { entryPoint } from "../../entry-point.ts";
import { CosalError } from "../../errors.ts";
import { RoundRobinQueue } from "./round-robin-queue.ts";
import { errorOf, type ImagingResults, type ImagingTask, type Outcome } from "./tasks.ts";

/** Maximum bytes of a thread's decoder: a JPEG of 75 megapixels at full size. */
export const THREAD_HEAP = 320 * 1024 * 1024;

/** Maximum number of threads. More would wait for the GPU, and their heaps take gigabytes. */
const MAX_THREADS = 8;

export interface ImagingLimits {
  /**
   * Maximum threads of one caller at the same time. With several callers, each has an equal share. There
   * is one more thread, for new callers.
   */
  readonly threads: number;
  /**
   * Maximum milliseconds of a task. The slowest files within the limits of `codec/limits.ts` take a few
   * seconds on a slow machine.
   */
  readonly timeout: number;
  /**
   * Milliseconds until a thread is ended whose requester has disconnected. Starting a new thread takes
   * longer than most photographs.
   */
  readonly grace: number;
}

export const IMAGING_LIMITS: ImagingLimits = {
  threads: Math.min(availableParallelism(), MAX_THREADS),
  timeout: 20_000,
  grace: 1_500,
};

export interface ImagingOptions extends Partial<ImagingLimits> {
  /** The caller for whom a photograph is decoded. */
  readonly requester?: () => Requester | undefined;
}

/**
 * Decodes and renders in threads, so that the event loop is not blocked. Callers take turns. A task ends
 * when nobody waits for it any more, or when it takes too long.
 */
export interface ImagingPool {
  readonly decoder: Decoder;
  readonly render: Render;
  close(): Promise<void>;
}

const NOBODY: Requester = { caller: "", signal: new AbortController().signal };

export function imagingPool({ requester, ...changes }: ImagingOptions = {}): ImagingPool {
  const limits = { ...IMAGING_LIMITS, ...changes };
  const threads = limits.threads + 1;
  const pool = new Piscina<ImagingTask, Outcome>({
    filename: fileURLToPath(entryPoint(import.meta.url, "thread")),
    minThreads: threads,
    maxThreads: threads,
    workerData: { heap: THREAD_HEAP },
  });
  const queue = new RoundRobinQueue<() => Promise<void>>(limits.threads);
  let free = threads;

  function next(): void {
    while (free > 0) {
      const taken = queue.take();
      if (taken === undefined) return;
      free--;
      taken.item().finally(() => {
        free++;
        taken.release();
        next();
      });
    }
  }

  async function run<Task extends ImagingTask>(
    task: Task,
    { caller, signal, isBackground }: Requester = requester?.() ?? NOBODY,
  ): Promise<ImagingResults[Task["type"]]> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const abort = () => {
      queue.remove(start);
      reject(signal.reason);
    };
    const start = () => runInThread(task, signal).then(resolve, reject);
    signal.addEventListener("abort", abort, { once: true });
    try {
      queue.push(start, caller, isBackground);
      next();
      const outcome = await promise;
      if ("error" in outcome) throw errorOf(outcome.error);
      return outcome.value as ImagingResults[Task["type"]];
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Ends the thread of a task that takes too long or that nobody waits for any more. */
  async function runInThread(task: ImagingTask, signal: AbortSignal): Promise<Outcome> {
    const end = new AbortController();
    const late = setTimeout(() => end.abort(), limits.timeout);
    let unwanted: ReturnType<typeof setTimeout> | undefined;
    const abort = () => {
      unwanted = setTimeout(() => end.abort(), limits.grace);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await pool.run(task, { signal: end.signal });
    } catch (error) {
      if (!end.signal.aborted) throw error;
      signal.throwIfAborted();
      throw tooSlow(task, limits.timeout);
    } finally {
      clearTimeout(late);
      clearTimeout(unwanted);
      signal.removeEventListener("abort", abort);
    }
  }

  // Reads headers only.
  const { types, inspect } = nodeDecoder(THREAD_HEAP);
  return {
    decoder: {
      types,
      inspect,
      decode: (file) => run({ type: "decode", file }),
      // `into` is not used, since a thread's result has its own memory.
      sample: (file, format) => run({ type: "sample", file, format }),
      // Threads do this after each photograph.
      trim() {},
    },
    render: (task, by) => run({ type: "render", task }, by),
    close: () => pool.destroy(),
  };
}

function tooSlow({ type }: ImagingTask, timeout: number): CosalError {
  const seconds = timeout / 1000;
  const limit = { name: "seconds", limit: seconds, actual: seconds };
  return type === "render"
    ? new CosalError("deadline_exceeded", `The file took longer than ${seconds} s to be made.`)
    : new CosalError("image_too_slow", `Decoding it takes longer than ${seconds} s.`, { limit });
}
