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
  /** Bytes of model and runtime that have come. */
  onDownload(done: number, total: number): void;
  onStarted(engine: StartedEngine): void;
  /** The GPU was lost; the group begins again on the processor. */
  onLost(reason: string): void;
}

interface Running {
  readonly worker: Worker;
  readonly thread: Remote<EngineThread>;
  readonly started: Promise<Outcome<StartedEngine>>;
  /** Resolves when the thread can no longer be used. */
  readonly gone: Promise<string>;
}

const LOST = Symbol("lost");

/** The engine of this device. Its thread starts when it is first needed. */
export class DeviceEngine {
  readonly #listener: DeviceListener;
  #backend: StartOptions["backend"];
  #running: Running | undefined;

  constructor(backend: StartOptions["backend"], listener: DeviceListener) {
    this.#backend = backend;
    this.#listener = listener;
  }

  /** Masks of a group, as events. Another call ends this one. */
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
        // Graphs and decoders that did not come are not asked for again by the same thread.
        if (outcome.problem.code === "network" && this.#running === running) this.#end();
        return outcome.problem;
      }
      if (this.#running !== running) continue;
      this.#end();
      const wasGpu = started.value.backend === "webgpu";
      // A thread that dies on the processor would die again.
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
