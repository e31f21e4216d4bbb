import { batch, effect, untracked } from "@preact/signals";
import type { Consensus } from "../../engine/index.ts";
import { DeviceEngine } from "../engine/device.ts";
import type { EngineEvent, GroupTask, Problem } from "../engine/types.ts";
import { maskAtService, type ServiceEvent } from "../service/service.ts";
import { keptConsensus, readable } from "./group.ts";
import { type Photograph, photographs } from "./photographs.ts";
import {
  consensus,
  device,
  givenConsensus,
  groupAddress,
  isWorking,
  lostGpu,
  run,
  serviceKey,
} from "./run.ts";
import { place, view } from "./settings.ts";

/** Milliseconds that changes are collected for: photographs come one by one. */
const DELAY = 120;

/** `?backend=webgpu`, also on a software adapter, or `?backend=wasm`: to try one out. */
function backendAsked() {
  const asked = new URLSearchParams(location.search).get("backend");
  return asked === "webgpu" || asked === "wasm" ? asked : "auto";
}

const engine = new DeviceEngine(backendAsked(), {
  onDownload(done, total) {
    const { stage } = run.value;
    if (stage === "loading") run.value = { stage: "loading", done, total };
  },
  onStarted(started) {
    device.value = started;
    if (run.value.stage === "loading") run.value = { stage: "reading", done: 0, total: 0 };
  },
  onLost(reason) {
    batch(() => {
      lostGpu.value = reason;
      device.value = undefined;
    });
  },
});

let current: AbortController | undefined;

/** Masks the photographs on the page, and again whenever they, their marks or the consensus change. */
export function startController(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const group = readable.value;
    const isOpening = photographs.value.some(
      ({ opened, problem }) => opened.value === undefined && problem.value === undefined,
    );
    const task: GroupTask = {
      images: group.flatMap(({ id, name, opened }) =>
        opened.value ? [{ id, name, file: opened.value.file, digest: opened.value.digest }] : [],
      ),
      seeds: group.flatMap(({ id, marks }) => marks.value.map((mark) => ({ id, ...mark }))),
      consensus: givenConsensus.value?.consensus,
    };
    const where = place.value;
    clearTimeout(timer);
    current?.abort();
    engine.stop();
    if (isOpening) return;
    timer = setTimeout(() => untracked(() => start(task, where)), DELAY);
  });
  effect(() => {
    const found = keptConsensus.value;
    const isAsked = view.value === "why" && run.value.stage === "done";
    if (isAsked && found !== undefined) untracked(() => void explain(found));
  });
}

/** Tries again after a failure. */
export function retry(): void {
  photographs.value = [...photographs.value];
}

async function start(task: GroupTask, where: "device" | "service"): Promise<void> {
  current = new AbortController();
  const { signal } = current;
  groupAddress.value = undefined;
  if (task.images.length === 0) {
    batch(() => {
      run.value = { stage: "idle" };
      consensus.value = undefined;
    });
    return;
  }
  const report = new Report(task, signal);
  report.begin(where === "device" && device.value === undefined);
  const problem =
    where === "device"
      ? await engine.mask(task, (event) => report.onEvent(event))
      : await maskAtService(task, serviceKey.value, signal, (event) => report.onEvent(event));
  if (!signal.aborted) report.end(problem);
}

/** Turns the events of one group into what the page shows. */
class Report {
  readonly #task: GroupTask;
  readonly #signal: AbortSignal;
  readonly #byId: ReadonlyMap<number, Photograph>;
  readonly #encoded = new Set<number>();
  #masked = 0;
  #began: number | undefined;

  constructor(task: GroupTask, signal: AbortSignal) {
    this.#task = task;
    this.#signal = signal;
    this.#byId = new Map(photographs.value.map((photograph) => [photograph.id, photograph]));
  }

  begin(isLoading: boolean): void {
    const total = this.#task.images.length;
    run.value = isLoading
      ? { stage: "loading", done: 0, total: 0 }
      : { stage: "reading", done: 0, total };
  }

  onEvent(event: EngineEvent | ServiceEvent): void {
    if (this.#signal.aborted) return;
    this.#began ??= performance.now();
    const total = this.#task.images.length;
    if (event.type === "stored") {
      groupAddress.value = event.url;
    } else if (event.type === "progress") {
      run.value = { stage: event.stage, done: event.done, total: event.total };
    } else if (event.type === "encoded") {
      this.#encoded.add(event.id);
      if (this.#masked === 0) run.value = { stage: "reading", done: this.#encoded.size, total };
    } else if (event.type === "consensus") {
      consensus.value = event.consensus;
      run.value = { stage: "masking", done: 0, total };
    } else {
      this.#onImage(event, total);
    }
  }

  #onImage(event: Extract<EngineEvent, { id: number }>, total: number): void {
    const photograph = this.#byId.get(event.id);
    if (photograph === undefined) return;
    batch(() => {
      if (event.type === "skipped") photograph.problem.value = event.problem;
      if (event.type !== "mask") return;
      photograph.mask.value = event.mask;
      run.value = { stage: "masking", done: ++this.#masked, total };
    });
  }

  end(problem: Problem | undefined): void {
    const milliseconds = performance.now() - (this.#began ?? performance.now());
    run.value = problem
      ? { stage: "failed", problem }
      : { stage: "done", total: this.#masked, milliseconds };
  }
}

/** Where each photograph looks like the object; the engine has what it needs for that. */
async function explain(found: Consensus): Promise<void> {
  for (const { opened, likeness } of readable.value) {
    if (keptConsensus.value !== found || view.value !== "why" || isWorking(run.value)) return;
    if (opened.value) likeness.value = await engine.likeness(opened.value.digest, found);
  }
}
