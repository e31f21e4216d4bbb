import { presentable } from "../problems/index.ts";
import { delay } from "./delay.ts";
import type { LocalBatch } from "./local-batch.ts";
import { MachineTime } from "./machine-time.ts";
import { Semaphore } from "./semaphore.ts";
import type { BatchLine, LineProblem, LineResult, RunUnit } from "./types.ts";

/** Maximum number of running units of all batches. They share the machine with requests. */
const MAX_RUNNING = 4;

/** Maximum starts of a unit before its lines fail. It may be what crashes the process. */
export const MAX_UNIT_ATTEMPTS = 8;

/** Milliseconds. */
export const RETRY_DELAY = 1_000;
const MAX_RETRY_DELAY = 60_000;

const PASSING = new Set(["backend_unavailable", "store_unavailable", "store_full"]);

/** Computes work units, with retries, and records the results. */
export class UnitRunner {
  readonly #run: RunUnit;
  readonly #retryDelay: number;
  readonly #slots = new Semaphore(MAX_RUNNING);
  readonly #machine = new MachineTime();

  /** @param retryDelay milliseconds before the second attempt; doubled for each that follows */
  constructor(run: RunUnit, retryDelay: number) {
    this.#run = run;
    this.#retryDelay = retryDelay;
  }

  /** Resolves when the unit's lines have results or the batch does not run any more. */
  async compute(
    batch: LocalBatch,
    lines: readonly BatchLine[],
    signal: AbortSignal,
  ): Promise<void> {
    for (let wait = this.#retryDelay; ; wait = Math.min(2 * wait, MAX_RETRY_DELAY)) {
      if (signal.aborted || !batch.isRunning) return;
      const leave = await this.#slots.enter();
      batch.waiting = await this.#attempt(batch, lines, signal).finally(leave);
      if (batch.waiting === undefined) return;
      batch.changed();
      await delay(wait, signal);
    }
  }

  /** @returns why a retry is needed, if it is */
  async #attempt(
    batch: LocalBatch,
    lines: readonly BatchLine[],
    signal: AbortSignal,
  ): Promise<LineProblem | undefined> {
    if (signal.aborted) return undefined;
    const unit = lines[0]?.line ?? 0;
    const attempts = batch.progress.attempts(unit);
    const isPending = ({ line }: BatchLine) => batch.progress.isPending(line);
    const share = this.#machine.begin();
    batch.running += lines.length;
    try {
      if (attempts >= MAX_UNIT_ATTEMPTS) {
        await batch.append(...lines.filter(isPending).map((line) => ({ result: givenUp(line) })));
        return undefined;
      }
      await batch.append({ unit, attempts: attempts + 1 });
      for await (const result of this.#run(batch.header.request, lines, { signal, isPending })) {
        await batch.append({ result });
      }
      return lines.some(isPending) ? problemFor(new Error("lines were left out")) : undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      const problem = problemFor(error);
      if (isPassing(problem)) await batch.append({ unit, attempts }).catch(() => {});
      return problem;
    } finally {
      batch.running -= lines.length;
      await batch.append({ milliseconds: share.end() }).catch(() => {});
    }
  }
}

/** The result of a line whose unit has had all its attempts. */
export function givenUp(line: BatchLine): LineResult {
  const detail = "The photograph's group failed as often as it may be tried.";
  return { ...line, problem: { code: "internal", detail } };
}

/** Whether a fault is temporary and not caused by the unit. The batch waits. */
export function isPassing({ code }: LineProblem): boolean {
  return PASSING.has(code);
}

/** Code and detail of an error for callers. */
export function problemFor(error: unknown): LineProblem {
  const { code, message, limit } = presentable(error);
  return { code, detail: message, ...(limit && { limit }) };
}
