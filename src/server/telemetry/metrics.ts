import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Analytics } from "../../app/index.ts";
import { BATCH_SHAPES } from "../batching/batch-shapes.ts";
import type { DeviceEvent, DeviceStatus } from "../device/supervisor.ts";
import type { Admission } from "../http/admission.ts";
import type { StoredKind } from "../storage/data-folder.ts";
import type { Found } from "../storage/feature-store.ts";
import type { FaultKind } from "../storage/store-fault.ts";

/** Seconds. From one run of a small graph on a GPU to a group of 64 in WebAssembly. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const STATES: readonly DeviceStatus["state"][] = ["starting", "ready", "waiting", "stopped"];

/** Sources of the gauges. They are read at each scrape. */
export interface Observed {
  readonly admission: Admission;
  readonly device: () => DeviceStatus;
  /** Bytes on disk, by kind. */
  readonly sizes: () => Readonly<Record<StoredKind, number>>;
}

/** The Prometheus metrics at `/metrics`. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests = this.#counter("http_requests_total", "Requests", ["route", "status"]);
  readonly #seconds = this.#histogram("http_request_seconds", "Time until a response begins", [
    "route",
  ]);
  readonly #groups = this.#counter("groups_total", "Groups returned, by cache state", ["cache"]);
  readonly #problems = this.#counter("problems_total", "Requests that failed, by code", ["code"]);
  readonly #stages = this.#histogram("stage_seconds", "Stages of a group or image", ["stage"]);
  readonly #runs = this.#histogram("run_seconds", "Graph runs, transfers included", ["graph"]);
  readonly #lookUps = this.#counter("feature_lookups_total", "Feature cache lookups", ["found"]);
  readonly #shared = this.#counter(
    "images_shared_total",
    "Images whose encoding was shared with another request",
    [],
  );
  readonly #lost = this.#counter("device_lost_total", "Device processes that ended", []);
  readonly #padding = this.#counter("batch_padding_total", "Empty places in batches", []);
  readonly #faults = this.#counter(
    "store_faults_total",
    "Faults of the stores, by store and kind",
    ["store", "fault"],
  );
  readonly #batches = new Histogram({
    name: "cosal_batch_images",
    help: "Images of an encoder run",
    buckets: [...BATCH_SHAPES],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Registers the gauges. */
  observe({ admission, device, sizes }: Observed): void {
    this.#gauge("queue_images", "Images of groups in progress", () => admission.load.images);
    this.#gauge("queue_bytes", "Bytes of request bodies in progress", () => admission.load.bytes);
    this.#gauge(
      "queue_requests",
      "Requests with a body in progress",
      () => admission.load.requests,
    );
    this.#gauge("device_waiting_runs", "Runs that wait for the device", () => device().waiting);
    this.#gauge("device_restarts", "Device processes after the first", () => device().restarts);
    this.#gauge("device_memory_bytes", "Memory of the device process", () => device().memory);
    this.#labelled("device_state", "1 for the current state of the device", "state", () =>
      STATES.map((state) => [state, device().state === state ? 1 : 0]),
    );
    this.#labelled("store_bytes", "Bytes on disk", "kind", () => Object.entries(sizes()));
  }

  readonly count: Analytics = ({ route, status, milliseconds, cache, problem }) => {
    this.#requests.inc({ route: route || "none", status: String(status) });
    this.#seconds.observe({ route: route || "none" }, milliseconds / 1000);
    if (cache !== "") this.#groups.inc({ cache });
    if (problem !== "") this.#problems.inc({ code: problem });
  };

  onDevice(event: DeviceEvent): void {
    if (event.kind === "run") this.#runs.observe({ graph: event.graph }, event.milliseconds / 1000);
    if (event.kind === "lost") this.#lost.inc();
  }

  onBatch({ images, shape }: { readonly images: number; readonly shape: number }): void {
    this.#batches.observe(images);
    this.#padding.inc(shape - images);
  }

  onShared(): void {
    this.#shared.inc();
  }

  onLookUp(found: Found): void {
    this.#lookUps.inc({ found });
  }

  onStoreFault(store: StoredKind | "nonces" | "bucket" | "redis", fault: FaultKind): void {
    this.#faults.inc({ store, fault });
  }

  /** Starts timing a group. @returns a function that ends it */
  startGroup(): () => void {
    return this.#stages.startTimer({ stage: "group" });
  }

  /** Times a stage. `decode`: a photograph to network input. `encode` includes waiting for a batch. */
  async timed<T>(stage: "decode" | "encode", work: () => Promise<T>): Promise<T> {
    const end = this.#stages.startTimer({ stage });
    try {
      return await work();
    } finally {
      end();
    }
  }

  async response(): Promise<Response> {
    const { registry } = this;
    return new Response(await registry.metrics(), {
      headers: { "content-type": registry.contentType, "cache-control": "no-store" },
    });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]) {
    return new Counter({ name: `cosal_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: Label[]) {
    const registers = [this.registry];
    return new Histogram({ name: `cosal_${name}`, help, labelNames, buckets: SECONDS, registers });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `cosal_${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  #labelled(name: string, help: string, label: string, read: () => [string, number][]): void {
    new Gauge({
      name: `cosal_${name}`,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        for (const [value, number] of read()) this.set({ [label]: value }, number);
      },
    });
  }
}
