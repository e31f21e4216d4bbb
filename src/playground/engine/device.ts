import { proxy, type Remote, releaseProxy, wrap } from "comlink";
import type { Consensus, LikenessMap } from "../../engine/index.ts";
import type {
  EngineEvent,
  EngineThread,
  GroupTask,
  Outcome,
  Problem,
  StartedEngine,
  StartOptions,
} from "./types.ts";

export interface DeviceListener {
  /** Called with the bytes of model and runtime that have arrived. */
  onDownload(done: number, total: number): void;
  onStarted(engine: StartedEngine): void;
  /** Called when the GPU is lost. The group starts again on the processor. */
  onLost(reason: string): void;
}

interface Running {
  readonly worker: Worker;
  readonly thread: Remote<EngineThread>;
  readonly started: Promise<Outcome<StartedEngine>>;
  /** Resolves when the thread has failed. */
  readonly gone: Promise<string>;
}

const LOST = Symbol("lost");

/** The engine on this device. Its thread starts when it is first used. */
export class DeviceEngine {
  readonly #listener: DeviceListener;
  #backend: StartOptions["backend"];
  #running: Running | undefined;

  constructor(backend: StartOptions["backend"], listener: DeviceListener) {
    this.#backend = backend;
    this.#listener = listener;
  }

  /** Masks a group and yields events. A new call ends the previous one. */
  async mask(
    group: GroupTask,
    onEvent: (event: EngineEvent) => void,
  ): Promise<Problem | undefined> {
    for (;;) {
      const running = this.#start();
      const started = await running.started;
      if ("problem" in started) {
        this.#end();
        return started.problem;
      }
      const outcome = await Promise.race([
        running.thread.mask(group, proxy(onEvent)),
        running.gone.then((reason) => ({ [LOST]: reason })),
      ]);
      if (!(LOST in outcome)) {
        if (!("problem" in outcome)) return undefined;
        // A thread does not fetch a missing graph or decoder again, so a new thread is needed.
        if (outcome.problem.code === "network" && this.#running === running) this.#end();
        return outcome.problem;
      }
      if (this.#running !== running) continue;
      this.#end();
      const wasGpu = started.value.backend === "webgpu";
      // On the processor, a new thread would fail again.
      if (!wasGpu) return { code: "unexpected", message: outcome[LOST] as string };
      this.#backend = "wasm";
      this.#listener.onLost(outcome[LOST] as string);
    }
  }

  stop(): void {
    this.#running?.thread.stop();
  }

  async likeness(digest: string, consensus: Consensus): Promise<LikenessMap | undefined> {
    return this.#running?.thread.likeness(digest, consensus);
  }

  #start(): Running {
    this.#running ??= this.#open();
    return this.#running;
  }

  #open(): Running {
    const worker = new Worker(new URL("./engine.worker.ts", import.meta.url), { type: "module" });
    const thread = wrap<EngineThread>(worker);
    const gone = Promise.withResolvers<string>();
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      gone.resolve(event.message || "The engine's thread ended.");
    });
    const { onDownload } = this.#listener;
    const base = new URL(".", document.baseURI).href;
    const started: Running["started"] = Promise.race([
      thread.start({ backend: this.#backend, base }, proxy(onDownload), proxy(gone.resolve)),
      gone.promise.then((message) => ({ problem: { code: "unexpected" as const, message } })),
    ]);
    started.then((outcome) => {
      if ("value" in outcome) this.#listener.onStarted(outcome.value);
    });
    return { worker, thread, started, gone: gone.promise };
  }

  #end(): void {
    this.#running?.thread[releaseProxy]();
    this.#running?.worker.terminate();
    this.#running = undefined;
  }
}
