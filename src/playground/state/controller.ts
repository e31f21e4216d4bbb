import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { Consensus } from "../../engine/index.ts";
import { DeviceEngine } from "../engine/device.ts";
import { problemOf } from "../engine/problem.ts";
import type { EngineEvent, GroupTask, Problem } from "../engine/types.ts";
import type { ServiceEvent } from "../service/service.ts";
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

/** Milliseconds to wait for further changes, since photographs are added one by one. */
const DELAY = 120;

/** For trials: `?backend=webgpu`, which also accepts software adapters, or `?backend=wasm`. */
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

/** Incremented to retry after a failure. */
const attempt = signal(0);

/** What to mask, and where. Undefined while photographs are being opened. */
const wanted = computed(() => {
  const isOpening = photographs.value.some(
    ({ opened, problem }) => opened.value === undefined && problem.value === undefined,
  );
  if (isOpening) return undefined;
  const group = readable.value;
  const task: GroupTask = {
    images: group.flatMap(({ id, name, opened }) =>
      opened.value ? [{ id, name, file: opened.value.file, digest: opened.value.digest }] : [],
    ),
    seeds: group.flatMap(({ id, marks }) => marks.value.map((mark) => ({ id, ...mark }))),
    consensus: givenConsensus.value?.consensus,
  };
  return { task, where: place.value, attempt: attempt.value };
});

/** A key that is equal for equal masks. Unreadable files do not change it. */
function keyOf({ task, where, attempt }: NonNullable<typeof wanted.value>): string {
  const images = task.images.map(({ id, digest }) => [id, digest]);
  const given = task.consensus && Array.from(task.consensus.data);
  return JSON.stringify([images, task.seeds, given, where, attempt]);
}

/** Masks the photographs on the page, and again whenever they, their marks or the consensus change. */
export function startController(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let known: string | undefined;
  effect(() => {
    const next = wanted.value;
    // The current computation continues until all new photographs are open.
    if (next === undefined) return;
    const key = keyOf(next);
    if (key === known) return;
    known = key;
    clearTimeout(timer);
    current?.abort();
    engine.stop();
    timer = setTimeout(() => untracked(() => start(next.task, next.where)), DELAY);
  });
  effect(() => {
    const found = keptConsensus.value;
    const isAsked = view.value === "why" && run.value.stage === "done";
    if (isAsked && found !== undefined) untracked(() => void explain(found));
  });
}

/** Retries after a failure. */
export function retry(): void {
  attempt.value++;
}

async function start(task: GroupTask, where: "device" | "service"): Promise<void> {
  current = new AbortController();
  const { signal: aborted } = current;
  groupAddress.value = undefined;
  if (task.images.length === 0) {
    batch(() => {
      run.value = { stage: "idle" };
      consensus.value = undefined;
    });
    return;
  }
  const report = new Report(task, aborted);
  report.begin(where === "device" && device.value === undefined);
  const onEvent = (event: EngineEvent | ServiceEvent) => report.onEvent(event);
  const problem =
    where === "device"
      ? await engine.mask(task, onEvent)
      : await maskElsewhere(task, aborted, onEvent);
  if (aborted.aborted) return;
  // A new engine fetches what is missing.
  if (problem?.code === "network") device.value = undefined;
  report.end(problem);
}

/** The client is loaded when it is first used. */
async function maskElsewhere(
  task: GroupTask,
  aborted: AbortSignal,
  onEvent: (event: EngineEvent | ServiceEvent) => void,
): Promise<Problem | undefined> {
  try {
    const { maskAtService } = await import("../service/service.ts");
    return await maskAtService(task, serviceKey.value, aborted, onEvent);
  } catch (error) {
    return problemOf(error);
  }
}

/** Applies the events of a group to the page's state. */
class Report {
  readonly #task: GroupTask;
  readonly #signal: AbortSignal;
  readonly #byId: ReadonlyMap<number, Photograph>;
  readonly #encoded = new Set<number>();
  readonly #fresh = new Set<number>();
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
      if (!event.cached) this.#fresh.add(event.id);
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
      : {
          stage: "done",
          total: this.#masked,
          fresh: this.#encoded.size > 0 ? this.#fresh.size : undefined,
          milliseconds,
        };
  }
}

/** Computes similarity maps of photographs whose features the engine has. */
async function explain(found: Consensus): Promise<void> {
  for (const { opened, likeness } of readable.value) {
    if (keptConsensus.value !== found || view.value !== "why" || isWorking(run.value)) return;
    if (opened.value) likeness.value = await engine.likeness(opened.value.digest, found);
  }
}
