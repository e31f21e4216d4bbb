import type { Tensors } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { packTensors, unpackTensors } from "./frames.ts";
import type { OpenGraph } from "./graph.ts";
import { DEFAULT_DEVICE_LIMITS, type DeviceLimits } from "./limits.ts";
import { DeviceLost, DeviceProcess, type DeviceProgram, DeviceUnusable } from "./process.ts";
import type { DeviceDescription, Reply } from "./protocol.ts";
import { type QueuedRun, RunQueue, type RunRequest } from "./run-queue.ts";

/** Status of the device, for people and probes. */
export interface DeviceStatus {
  /**
   * `starting`: a process is starting. `ready`: it runs graphs. `waiting`: it has ended, and the next
   * one starts after the restart delay. `stopped`: no other process will start.
   */
  readonly state: "starting" | "ready" | "waiting" | "stopped";
  readonly device?: DeviceDescription;
  /** Id of the process, while there is one. */
  readonly pid?: number;
  /** Why the last process ended. */
  readonly reason?: string;
  /** Processes started after the first. */
  readonly restarts: number;
  /** Resident memory of the process in bytes, from its last heartbeat. */
  readonly memory: number;
  /** Runs that wait for the device. */
  readonly waiting: number;
}

export type DeviceEvent =
  | { readonly kind: "ready"; readonly device: DeviceDescription; readonly milliseconds: number }
  | {
      readonly kind: "lost";
      readonly reason: string;
      /** Until the next process starts, in milliseconds. */
      readonly restartDelay: number;
    }
  | { readonly kind: "output"; readonly line: string }
  /** A run for a caller. Warm-ups emit no event. */
  | { readonly kind: "run"; readonly graph: string; readonly milliseconds: number };

export interface SupervisorOptions {
  readonly program: DeviceProgram;
  readonly limits?: Partial<DeviceLimits>;
  readonly onEvent?: (event: DeviceEvent) => void;
}

/**
 * Owns the device process. It starts the process, gives it one run at a time, and replaces it when it
 * dies, hangs, loses its device or uses too much memory. The interrupted run is retried once; waiting
 * runs are not affected.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #limits: DeviceLimits;
  readonly #queue = new RunQueue();
  readonly #graphs = new Map<number, OpenGraph>();
  readonly #stop = new AbortController();
  readonly #firstReady = Promise.withResolvers<DeviceDescription>();
  readonly #life: Promise<void>;
  #process: DeviceProcess | undefined;
  #status: Omit<DeviceStatus, "waiting" | "pid"> = { state: "starting", restarts: 0, memory: 0 };
  #graphNumbers = 0;
  /** Processes in a row that ended before they completed a run. */
  #consecutiveFailures = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_DEVICE_LIMITS, ...options.limits };
    this.#firstReady.promise.catch(() => {});
    this.#life = this.#live();
  }

  /** Resolves when the first process is ready. Rejects with DeviceUnusable if no runtime is available. */
  get started(): Promise<DeviceDescription> {
    return this.#firstReady.promise;
  }

  get status(): DeviceStatus {
    return { ...this.#status, pid: this.#process?.pid, waiting: this.#queue.length };
  }

  /** Registers a graph. It is loaded before its first run, and again in each new process. */
  open(graph: Omit<OpenGraph, "number">): OpenGraph {
    const opened = { ...graph, number: ++this.#graphNumbers };
    this.#graphs.set(opened.number, opened);
    return opened;
  }

  /**
   * Runs a graph.
   *
   * @param inputs called once, when the device is ready for the run
   * @param options.signal removes the run from the queue. A run that has started is not interrupted
   * @param options.source the source of the run, with `callers`: see `RunQueue`
   * @throws CosalError backend_unavailable, or the signal's reason
   */
  async run(
    graph: OpenGraph,
    inputs: () => Tensors,
    options: Pick<RunRequest, "signal" | "source" | "callers"> = {},
  ): Promise<Tensors> {
    return this.#queue.add({ graph, inputs, ...options });
  }

  /** Milliseconds of the device that a caller has had, to be compared with another's. */
  servedOf(caller: string): number {
    return this.#queue.servedOf(caller);
  }

  /** New processes no longer load the graph. */
  forget(graph: OpenGraph): void {
    this.#graphs.delete(graph.number);
  }

  /** Kills the process and rejects waiting runs. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#process?.kill("stopped");
    await this.#life;
  }

  async #live(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      const started = performance.now();
      const reason = await this.#oneProcess();
      if (this.#stop.signal.aborted) break;
      if (performance.now() - started > this.#limits.healthyAfter) failures = 0;
      if (++this.#consecutiveFailures >= this.#limits.maxFailures)
        this.#queue.refuse(unavailable(reason));
      const restartDelay = Math.min(
        this.#limits.minRestartDelay * 2 ** Math.min(failures, 30),
        this.#limits.maxRestartDelay,
      );
      this.#status = { ...this.#status, state: "waiting", reason };
      this.#options.onEvent?.({ kind: "lost", reason, restartDelay });
      await this.#sleep(restartDelay);
      this.#status = {
        ...this.#status,
        state: "starting",
        restarts: this.#status.restarts + 1,
      };
    }
    this.#status = { ...this.#status, state: "stopped" };
    this.#firstReady.reject(new DeviceLost("stopped"));
    this.#queue.close(unavailable("it was stopped"));
  }

  /** Runs one process until it ends. Resolves with the reason. */
  async #oneProcess(): Promise<string> {
    const started = performance.now();
    const process = new DeviceProcess({
      program: this.#options.program,
      heartbeatTimeout: this.#limits.heartbeatTimeout,
      onHeartbeat: ({ memory }) => {
        this.#status = { ...this.#status, memory };
        if (memory > this.#limits.memory) this.#queue.wake();
      },
      onOutput: (line) => this.#options.onEvent?.({ kind: "output", line }),
    });
    this.#process = process;
    this.#status = { ...this.#status, memory: 0 };
    process.ended.then(() => this.#queue.wake());
    const watchdog = setTimeout(
      () => process.kill(`not ready within ${this.#limits.startTimeout} ms`),
      this.#limits.startTimeout,
    );
    const opened = new Set<OpenGraph>();
    try {
      const device = await process.ready;
      for (const graph of this.#graphs.values()) await this.#openIn(process, graph, opened);
      clearTimeout(watchdog);
      this.#status = { ...this.#status, state: "ready", device };
      const milliseconds = performance.now() - started;
      this.#options.onEvent?.({ kind: "ready", device, milliseconds });
      this.#firstReady.resolve(device);
      await this.#work(process, opened);
    } catch (error) {
      if (error instanceof DeviceUnusable) this.#firstReady.reject(error);
      process.kill(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(watchdog);
    }
    const reason = await process.ended;
    this.#process = undefined;
    return reason;
  }

  /** Gives the process one run after another, until it ends or uses too much memory. */
  async #work(process: DeviceProcess, opened: Set<OpenGraph>): Promise<void> {
    let alive = true;
    process.ended.then(() => {
      alive = false;
    });
    while (alive) {
      if (this.#status.memory > this.#limits.memory) {
        const mebibytes = Math.round(this.#status.memory / 2 ** 20);
        return process.kill(`its memory grew to ${mebibytes} MiB`);
      }
      const run = this.#queue.take();
      if (run === undefined) {
        await this.#queue.change();
        continue;
      }
      try {
        run.resolve(await this.#do(process, run, opened));
        this.#consecutiveFailures = 0;
      } catch (error) {
        if (!(error instanceof DeviceLost)) run.reject(error);
        else if (run.attempts < 2) this.#queue.putBack(run);
        else run.reject(unavailable(error.message));
        if (error instanceof DeviceLost) return;
      }
    }
  }

  async #do(process: DeviceProcess, run: QueuedRun, opened: Set<OpenGraph>): Promise<Tensors> {
    run.attempts++;
    await this.#openIn(process, run.graph, opened);
    run.tensors ??= run.inputs();
    const started = performance.now();
    const timeout = this.#limits.runTimeout(run.tensors);
    const outputs = await this.#runIn(process, run.graph, run.tensors, timeout);
    const milliseconds = performance.now() - started;
    this.#queue.count(run, milliseconds);
    this.#options.onEvent?.({ kind: "run", graph: run.graph.name, milliseconds });
    return outputs;
  }

  async #openIn(process: DeviceProcess, graph: OpenGraph, opened: Set<OpenGraph>): Promise<void> {
    if (opened.has(graph)) return;
    const request = { kind: "open", graph: graph.number } as const;
    await process.request(request, [graph.bytes], this.#limits.openTimeout);
    for (const warmUp of graph.warmUps) {
      // Compiling shaders takes much longer than running them.
      await this.#runIn(process, graph, warmUp(), this.#limits.startTimeout);
    }
    opened.add(graph);
  }

  async #runIn(
    process: DeviceProcess,
    graph: OpenGraph,
    inputs: Tensors,
    timeout: number,
  ): Promise<Tensors> {
    const { heads, parts } = packTensors(inputs);
    const request = { kind: "run", graph: graph.number, inputs: heads } as const;
    const { head, bytes } = await process.request(request, parts, timeout);
    return unpackTensors((head as Extract<Reply, { kind: "result" }>).outputs, bytes);
  }

  async #sleep(milliseconds: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener("abort", done);
    });
  }
}

/** Seconds. A restart usually takes one or two. */
const RETRY_AFTER = 5;

function unavailable(reason: string): CosalError {
  return new CosalError(
    "backend_unavailable",
    "The device that computes masks failed; it is being restarted. Try again later.",
    { cause: reason, retryAfter: RETRY_AFTER },
  );
}
