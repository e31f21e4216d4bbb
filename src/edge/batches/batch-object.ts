import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState, Workflow } from "@cloudflare/workers-types";
import {
  type Batch,
  type BatchAction,
  type BatchHeader,
  type BatchLine,
  type BatchRequest,
  type BatchStatus,
  givenUp,
  isPassing,
  jsonLog,
  type LineProblem,
  type LineResult,
  MAX_UNIT_ATTEMPTS,
  Rate,
} from "../../app/index.ts";
import {
  type BatchState,
  BatchTables,
  type HeldUnit,
  type NumberedResult,
  type UnitLines,
} from "./batch-tables.ts";
import { Changes } from "./changes.ts";
import { UPLOAD_TIMEOUT, Upload } from "./upload.ts";

/** What a Workflow instance is started with. */
export interface BatchRound {
  readonly tenant: string;
  readonly id: string;
  /** From 1. An id of an instance cannot be used again, so each start of a batch has its own. */
  readonly round: number;
  readonly parallelism: number;
}

export interface BatchEnv {
  readonly BATCH_RUNS: Workflow<BatchRound>;
}

/** A unit to compute. */
export interface TakenUnit extends UnitLines {
  readonly request: BatchRequest;
}

/** A part of a batch's events. */
export interface EventPage {
  readonly batch: Batch;
  readonly results: readonly NumberedResult[];
  /** Number of the batch's last result. */
  readonly last: number;
  /** Changes with the batch. */
  readonly version: string;
  readonly hasMore: boolean;
}

/** Results per call. Each has several hundred bytes, and an RPC response may have 32 MiB. */
const PAGE_SIZE = 1000;

/** Interval at which a second upload looks whether the first one goes on, in milliseconds. */
const UPLOAD_POLL = 1_000;

/** How long one call may wait for a change, in milliseconds. The caller then calls again. */
const MAX_WAIT = 10_000;

/** Interval at which a running batch's instance is checked, in milliseconds. */
const CHECK_INTERVAL = 60_000;

/** How long a batch is kept after its last change, in milliseconds. */
const RETENTION = 30 * 24 * 3_600_000;

/** Statuses of Workflow instances that will not go on. */
const ENDED = ["complete", "errored", "terminated", "unknown"];

/**
 * A batch: its manifest, results and state. Workflow instances compute its units and report the results
 * here, in lanes that run at the same time. The alarm starts another instance if one has ended before
 * the batch, and finally deletes the batch.
 */
export class BatchObject extends DurableObject<BatchEnv> {
  readonly #tables: BatchTables;
  readonly #log = jsonLog();
  readonly #rate = new Rate();
  readonly #changes = new Changes();
  readonly #upload = new Upload();

  constructor(ctx: DurableObjectState, env: BatchEnv) {
    super(ctx, env);
    this.#tables = new BatchTables(ctx.storage);
  }

  /**
   * Begins the upload of a manifest. While another one is under way, this waits.
   *
   * @returns whether it has begun; otherwise the batch exists
   */
  async begin(upload: string): Promise<boolean> {
    while (this.#tables.state === undefined && this.#upload.isActive) {
      await this.#changes.next(UPLOAD_POLL);
    }
    if (this.#tables.state !== undefined) return false;
    this.#upload.begin(upload);
    this.#tables.begin();
    await this.ctx.storage.setAlarm(Date.now() + UPLOAD_TIMEOUT);
    return true;
  }

  /** Adds the manifest's next units. @returns false when the upload has been abandoned */
  write(upload: string, units: readonly (readonly BatchLine[])[]): boolean {
    if (!this.#upload.continues(upload)) return false;
    this.#tables.add(units);
    return true;
  }

  /** Ends an upload without a batch. */
  async abandon(upload: string): Promise<void> {
    if (this.#upload.end(upload)) await this.#forget();
  }

  /** Creates the batch from the manifest. Undefined when the upload has been abandoned. */
  async create(upload: string, header: BatchHeader): Promise<Batch | undefined> {
    if (!this.#upload.end(upload)) return undefined;
    this.#tables.open({
      header,
      ...{ status: "running", updated: header.created, succeeded: 0, failed: 0, failures: {} },
      ...{ milliseconds: 0, round: 0, held: {}, last: 0 },
    });
    await this.#startRound();
    return this.get();
  }

  get(): Batch | undefined {
    const { state } = this.#tables;
    return state && this.#batchOf(state);
  }

  async act(action: BatchAction): Promise<Batch | undefined> {
    const { state } = this.#tables;
    if (state === undefined) return undefined;
    const { status, failed } = state;
    if (action === "pause" && status === "running") this.#turn("paused");
    if (action === "cancel" && status !== "completed" && status !== "cancelled") {
      this.#turn("cancelled");
    }
    if (action === "resume" && status === "paused") {
      this.#turn("running");
      await this.#startRound();
    }
    if (action === "retry" && failed > 0 && status !== "cancelled") {
      this.#tables.retry();
      this.#changes.add();
      if (status === "completed") {
        this.#turn("running");
        await this.#startRound();
      }
    }
    return this.get();
  }

  /** Deletes the batch. What computes it ends. @returns whether there was one */
  async remove(): Promise<boolean> {
    if (this.#tables.state === undefined) return false;
    await this.#forget();
    return true;
  }

  /**
   * Gives a lane a unit: the one that it has not finished, or the next one. Undefined if there is none,
   * or if the batch or the round is over.
   */
  take(round: number, lane: string): TakenUnit | undefined {
    for (;;) {
      const state = this.#runningIn(round);
      if (state === undefined) return undefined;
      const { held, header } = state;
      const unit = held[lane] ?? this.#tables.nextUnit(Object.values(held));
      if (unit === undefined) return undefined;
      const { first, last } = unit;
      const taken = this.#tables.linesOf(unit);
      const attempts = this.#tables.attemptsOf(first);
      if (attempts >= MAX_UNIT_ATTEMPTS) {
        this.#record(taken.lines.filter(({ line }) => taken.pending.includes(line)).map(givenUp));
      } else if (taken.pending.length > 0) {
        this.#tables.setAttempts(first, attempts + 1);
        this.#tables.update({ held: { ...held, [lane]: { first, last } } });
        this.#changes.add();
        return { request: header.request, ...taken };
      }
      this.#drop(lane, unit);
    }
  }

  /** Records results. Without results, it is a heartbeat. @returns whether more are wanted */
  report(results: readonly LineResult[]): boolean {
    const { state } = this.#tables;
    if (state === undefined || state.status === "cancelled") return false;
    if (results.length > 0) this.#record(results);
    return true;
  }

  /**
   * Ends a lane's attempt at its unit. It keeps a unit that is not finished.
   *
   * @param milliseconds machine time of the attempt
   * @param problem why the attempt failed, if it did
   */
  settle(
    round: number,
    lane: string,
    milliseconds: number,
    problem: LineProblem | undefined,
  ): void {
    const { state } = this.#tables;
    if (state === undefined) return;
    this.#tables.update({ milliseconds: state.milliseconds + milliseconds });
    const unit = state.held[lane];
    if (state.round !== round || unit === undefined) return;
    if (this.#tables.isDone(unit)) this.#drop(lane, unit);
    else if (problem === undefined) this.#tables.setAttempts(unit.first, 0);
    else {
      if (isPassing(problem)) {
        this.#tables.setAttempts(unit.first, this.#tables.attemptsOf(unit.first) - 1);
      }
      this.#tables.update({ waiting: problem });
    }
    this.#changes.add();
  }

  /** The header if all lines have results, to be delivered. Otherwise the next round is started. */
  async toDeliver(round: number): Promise<BatchHeader | undefined> {
    const state = this.#runningIn(round);
    if (state === undefined) return undefined;
    if (pendingOf(state) === 0) return state.header;
    await this.#startRound();
    return undefined;
  }

  /** Completes the batch, unless a retry has made lines pending since. */
  async complete(round: number): Promise<void> {
    const state = this.#runningIn(round);
    if (state === undefined) return;
    if (pendingOf(state) === 0) {
      this.#turn("completed");
      await this.ctx.storage.setAlarm(Date.now() + RETENTION);
    } else await this.#startRound();
  }

  /** Says why the results cannot be delivered now. */
  wait(round: number, problem: LineProblem): void {
    if (this.#runningIn(round) === undefined) return;
    this.#tables.update({ waiting: problem });
    this.#changes.add();
  }

  /** The results after a number as they were done, or after a line in the manifest's order. */
  results(order: "manifest" | "done", after: number): readonly NumberedResult[] | undefined {
    if (this.#tables.state === undefined) return undefined;
    return order === "done"
      ? this.#tables.doneAfter(after, PAGE_SIZE)
      : this.#tables.linesAfter(after, PAGE_SIZE);
  }

  /** The results after a number. Waits while nothing has changed since a version. */
  async events(after: number, version: string): Promise<EventPage | undefined> {
    if (this.#tables.state === undefined) return undefined;
    if (version === this.#changes.version) await this.#changes.next(MAX_WAIT);
    const { state } = this.#tables;
    if (state === undefined) return undefined;
    const results = this.#tables.doneAfter(after, PAGE_SIZE);
    return {
      batch: this.#batchOf(state),
      ...{ results, last: state.last, version: this.#changes.version },
      hasMore: results.length === PAGE_SIZE,
    };
  }

  async alarm(): Promise<void> {
    const { state } = this.#tables;
    if (state === undefined) {
      if (!this.#upload.isActive) await this.#forget();
      else await this.ctx.storage.setAlarm(Date.now() + UPLOAD_TIMEOUT);
    } else if (state.status === "running") {
      if (await this.#hasInstance(state)) {
        await this.ctx.storage.setAlarm(Date.now() + CHECK_INTERVAL);
      } else if (this.#runningIn(state.round) !== undefined) await this.#startRound();
    } else {
      const expires = Date.parse(state.updated) + RETENTION;
      if (Date.now() >= expires) await this.#forget();
      else await this.ctx.storage.setAlarm(expires);
    }
  }

  /** Starts the next Workflow instance. If that fails, the alarm starts another one. */
  async #startRound(): Promise<void> {
    const { header, round: last } = this.#tables.state as BatchState;
    const { id, request } = header;
    const { tenant, parallelism } = request;
    const round = last + 1;
    this.#tables.update({ round, held: {} });
    this.#rate.begin(doneOf(this.#tables.state as BatchState));
    this.#changes.add();
    await this.ctx.storage.setAlarm(Date.now() + CHECK_INTERVAL);
    try {
      const params = { tenant, id, round, parallelism };
      await this.env.BATCH_RUNS.create({ id: instanceOf(id, round), params });
    } catch (error) {
      this.#log({ level: "error", event: "workflow not started", batch: id, round, error });
    }
  }

  async #hasInstance({ header, round }: BatchState): Promise<boolean> {
    try {
      const instance = await this.env.BATCH_RUNS.get(instanceOf(header.id, round));
      return !ENDED.includes((await instance.status()).status);
    } catch (error) {
      this.#log({ level: "warn", event: "workflow not found", batch: header.id, round, error });
      return false;
    }
  }

  async #forget(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#tables.forget();
    this.#changes.add();
  }

  #turn(status: BatchStatus): void {
    const held = status === "cancelled" && { held: {} };
    this.#tables.update({ status, updated: new Date().toISOString(), ...held });
    this.#changes.add();
  }

  #record(results: readonly LineResult[]): void {
    this.#tables.record(results);
    this.#rate.add(doneOf(this.#tables.state as BatchState));
    this.#changes.add();
  }

  /** Removes a unit whose lines have results. */
  #drop(lane: string, { first }: HeldUnit): void {
    const { [lane]: _, ...held } = (this.#tables.state as BatchState).held;
    this.#tables.removeUnit(first);
    this.#tables.update({ held });
  }

  /** The state, if the batch runs and this is its round. */
  #runningIn(round: number): BatchState | undefined {
    const { state } = this.#tables;
    return state?.status === "running" && state.round === round ? state : undefined;
  }

  #batchOf(state: BatchState): Batch {
    const { header, status, updated, succeeded, failed, failures, milliseconds, held } = state;
    const isRunning = status === "running";
    const running = Object.values(held).reduce((sum, unit) => sum + linesIn(unit), 0);
    const rate = isRunning ? this.#rate.perSecond() : 0;
    const left = rate > 0 ? (1000 * pendingOf(state)) / rate : 0;
    return {
      ...{ header, status, updated, succeeded, failed, failures, milliseconds, running, rate },
      ...(left > 0 && { estimatedEnd: new Date(Date.now() + left).toISOString() }),
      ...(isRunning && state.waiting !== undefined && { waiting: state.waiting }),
    };
  }
}

function instanceOf(id: string, round: number): string {
  return `${id}-${round}`;
}

function linesIn({ first, last }: HeldUnit): number {
  return last - first + 1;
}

function doneOf({ succeeded, failed }: BatchState): number {
  return succeeded + failed;
}

function pendingOf(state: BatchState): number {
  return state.header.total - doneOf(state);
}
