import {
  type BatchRequest,
  givenUp,
  isPassing,
  type LineProblem,
  type LineResult,
  MAX_UNIT_ATTEMPTS,
} from "../../app/index.ts";
import type { BatchState, BatchTables, HeldUnit, UnitLines } from "./batch-tables.ts";

/** A unit to compute. */
export interface TakenUnit extends UnitLines {
  readonly request: BatchRequest;
}

/** The lanes of a batch: which unit each computes, and how often units have been attempted. */
export class Lanes {
  readonly #tables: BatchTables;

  constructor(tables: BatchTables) {
    this.#tables = tables;
  }

  /**
   * Gives a lane the unit that it has not finished, or the next one. Undefined if there is none.
   *
   * @param record called with the results of units that are given up
   */
  take(lane: string, record: (results: readonly LineResult[]) => void): TakenUnit | undefined {
    for (;;) {
      const { held, header } = this.#state;
      const unit = held[lane] ?? this.#tables.nextUnit(Object.values(held));
      if (unit === undefined) return undefined;
      const { first, last } = unit;
      const taken = this.#tables.linesOf(unit);
      const attempts = this.#tables.attemptsOf(first);
      if (attempts >= MAX_UNIT_ATTEMPTS) {
        record(taken.lines.filter(({ line }) => taken.pending.includes(line)).map(givenUp));
      } else if (taken.pending.length > 0) {
        this.#tables.setAttempts(first, attempts + 1);
        this.#tables.update({ held: { ...held, [lane]: { first, last } } });
        return { request: header.request, ...taken };
      }
      this.#drop(lane, unit);
    }
  }

  /** Ends a lane's attempt at its unit. The lane keeps a unit that is not finished. */
  settle(lane: string, problem: LineProblem | undefined): void {
    const unit = this.#state.held[lane];
    if (unit === undefined) return;
    const { first } = unit;
    if (this.#tables.isDone(unit)) this.#drop(lane, unit);
    else if (problem === undefined) this.#tables.setAttempts(first, 0);
    else {
      if (isPassing(problem)) this.#tables.setAttempts(first, this.#tables.attemptsOf(first) - 1);
      this.#tables.update({ waiting: problem });
    }
  }

  /** Removes a unit whose lines have results. */
  #drop(lane: string, { first }: HeldUnit): void {
    const { [lane]: _, ...held } = this.#state.held;
    this.#tables.removeUnit(first);
    this.#tables.update({ held });
  }

  get #state(): BatchState {
    return this.#tables.state as BatchState;
  }
}
