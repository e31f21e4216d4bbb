import type { WorkflowEvent, WorkflowStep } from "cloudflare:workers";
import {
  type BatchHeader,
  type DeliverResults,
  type LineProblem,
  type LineResult,
  type Log,
  type MachineTime,
  problemFor,
  type RunUnit,
} from "../../app/index.ts";
import { type BatchStub, resultsOf } from "./edge-batches.ts";
import type { BatchRound } from "./instances.ts";
import type { TakenUnit } from "./lanes.ts";
import { PART_IMAGES, STEP_IMAGES } from "./limits.ts";

/** The methods of a `BatchObject` that its Workflow calls. */
export interface BatchHandle extends Pick<BatchStub, "results"> {
  take(round: number, lane: string): Promise<TakenUnit | undefined>;
  report(results: readonly LineResult[]): Promise<boolean>;
  settle(
    round: number,
    lane: string,
    milliseconds: number,
    problem: LineProblem | undefined,
  ): Promise<void>;
  toDeliver(round: number): Promise<BatchHeader | undefined>;
  complete(round: number): Promise<void>;
  wait(round: number, problem: LineProblem): Promise<void>;
}

export interface BatchRunParts {
  readonly stubOf: (round: BatchRound) => BatchHandle;
  readonly run: RunUnit;
  readonly deliver: DeliverResults;
  readonly log: Log;
  readonly machine: MachineTime;
}

/**
 * Steps of an instance. An instance keeps the outcomes of its steps, and may have 10,000 of them, or
 * 1,024 on the free plan. The next round has as many again.
 */
const MAX_STEPS = 1_000;

/** A failed step is tried again after 1, 2, 4 ... 64 s. After that, the lane's next step follows. */
const STEP = {
  retries: { limit: 7, delay: "1 second", backoff: "exponential" },
  timeout: "30 minutes",
} as const;

/** Results that are recorded together. */
const RECORDED = 16;

/** Interval at which a unit asks whether its results are still wanted, in milliseconds. */
const HEARTBEAT_INTERVAL = 5_000;

/**
 * A Workflow instance: lanes that compute the batch's units, and the delivery of its results. Steps
 * return only whether there is more, since results are recorded in the batch's object. A step can be
 * repeated at any time: a line that has a result gets no other.
 */
export async function runBatch(
  { payload: round }: Pick<WorkflowEvent<BatchRound>, "payload">,
  step: Pick<WorkflowStep, "do">,
  parts: BatchRunParts,
): Promise<void> {
  const lanes = Array.from({ length: round.parallelism }, async (_, i) => {
    for (let n = 1; n <= MAX_STEPS / round.parallelism; n++) {
      const work = () => workInLane(round, `lane ${i + 1}`, parts);
      const isOver = await step.do(`lane ${i + 1}, step ${n}`, STEP, work).catch(() => false);
      if (isOver) return;
    }
  });
  await Promise.all(lanes);
  await step.do("end", STEP, () => end(round, parts));
}

/** Computes units until there are enough for a step. @returns whether the lane is over */
async function workInLane(round: BatchRound, lane: string, parts: BatchRunParts): Promise<boolean> {
  const stub = parts.stubOf(round);
  for (let images = 0; images < STEP_IMAGES; ) {
    const unit = await stub.take(round.round, lane);
    if (unit === undefined) return true;
    images += await computeUnit(stub, round, lane, unit, parts);
  }
  return false;
}

/** @returns how many results the unit has got */
async function computeUnit(
  stub: BatchHandle,
  { id, round }: BatchRound,
  lane: string,
  { request, lines, pending: numbers }: TakenUnit,
  { run, log, machine }: BatchRunParts,
): Promise<number> {
  const pending = new Set(numbers);
  const stop = new AbortController();
  const { signal } = stop;
  let results: LineResult[] = [];
  let problem: LineProblem | undefined;
  const report = async () => {
    const wanted = stub.report(results);
    results = [];
    if (!(await wanted)) stop.abort(new Error("the batch is over"));
  };
  const share = machine.begin();
  const heartbeat = setInterval(() => report().catch(() => {}), HEARTBEAT_INTERVAL);
  try {
    const isPending = ({ line }: { readonly line: number }) => pending.has(line);
    for await (const result of run(request, lines, { signal, isPending })) {
      results.push(result);
      pending.delete(result.line);
      if (results.length >= RECORDED) await report();
      if (numbers.length - pending.size >= PART_IMAGES) break;
    }
    await report();
    const done = numbers.length - pending.size;
    if (done < Math.min(PART_IMAGES, numbers.length)) throw new Error("lines were left out");
    return done;
  } catch (error) {
    if (signal.aborted) return 0;
    problem = problemFor(error);
    log({ level: "warn", event: "batch unit failed", batch: id, unit: lines[0]?.line, error });
    throw error;
  } finally {
    clearInterval(heartbeat);
    await stub.settle(round, lane, share.end(), problem);
  }
}

/** Delivers the results when all lines have one. */
async function end(round: BatchRound, { stubOf, deliver }: BatchRunParts): Promise<void> {
  const stub = stubOf(round);
  const header = await stub.toDeliver(round.round);
  if (header === undefined) return;
  try {
    await deliver(header, resultsOf(stub, "manifest"));
  } catch (error) {
    await stub.wait(round.round, problemFor(error));
    throw error;
  }
  await stub.complete(round.round);
}
