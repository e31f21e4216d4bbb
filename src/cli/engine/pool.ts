import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { entryPoint } from "../../entry-point.ts";
import { CosalError } from "../../errors.ts";
import type {
  ImageTask,
  MaskFacts,
  Outcome,
  RenderTask,
  SeedTask,
  StudioTask,
  Task,
  ThreadData,
} from "./task.ts";

/** The engine in threads, one a core. */
export class EnginePool implements AsyncDisposable {
  readonly threads: number;
  readonly #pool: Piscina<Task, Outcome<unknown>>;
  readonly #signal: AbortSignal | undefined;
  /**
   * Whether a thread may be ended while it works. onnxruntime-node ends the whole process then, by a
   * C++ exception that nobody catches.
   */
  readonly #mayBreakOff: boolean;
  readonly #running = new Set<Promise<unknown>>();

  constructor(data: ThreadData, signal?: AbortSignal, threads = availableParallelism()) {
    this.threads = threads;
    this.#signal = signal;
    this.#mayBreakOff = data.runtime !== "native";
    this.#pool = new Piscina<Task, Outcome<unknown>>({
      filename: fileURLToPath(entryPoint(import.meta.url, "thread")),
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: 60_000,
      workerData: data,
    });
  }

  /** Reads an image and keeps its features. @returns the file's SHA-256 */
  async encode(image: ImageTask): Promise<string> {
    return (await this.#run({ type: "encode", image })) as string;
  }

  /** @returns the consensus as a file */
  async consensus(images: readonly ImageTask[], seeds: readonly SeedTask[]): Promise<Uint8Array> {
    return (await this.#run({ type: "consensus", images, seeds })) as Uint8Array;
  }

  /** Masks an image and writes its files. */
  async mask(image: ImageTask, consensus: Uint8Array, render: RenderTask): Promise<MaskFacts> {
    return (await this.#run({ type: "mask", image, consensus, render })) as MaskFacts;
  }

  /** Writes the files of a mask that was computed elsewhere. */
  async render(image: ImageTask, logits: Uint8Array, render: RenderTask): Promise<MaskFacts> {
    return (await this.#run({ type: "render", image, logits, render })) as MaskFacts;
  }

  /** Writes a picture of a studio set. */
  async studio(image: ImageTask, studio: StudioTask): Promise<void> {
    await this.#run({ type: "studio", image, studio });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#pool.destroy();
  }

  async #run(task: Task): Promise<unknown> {
    this.#signal?.throwIfAborted();
    const signal = (this.#mayBreakOff && this.#signal) || null;
    const running = this.#pool.run(task, { signal });
    this.#running.add(running);
    const outcome = await running.finally(() => this.#running.delete(running));
    if ("value" in outcome) return outcome.value;
    const { code, message, ...details } = outcome.error;
    throw new CosalError(code, message, details);
  }
}
