import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState, Workflow } from "@cloudflare/workers-types";
import {
  type Batch,
  type BatchAction,
  type BatchHeader,
  type BatchLine,
  type BatchStatus,
  jsonLog,
  type LineProblem,
  type LineResult,
  Rate,
} from "../../app/index.ts";
import { Changes } from "../changes.ts";
import {
  type BatchState,
  BatchTables,
  type HeldUnit,
  type NumberedResult,
} from "./batch-tables.ts";
import { type BatchRound, isActive, startInstance } from "./instances.ts";
import { Lanes, type TakenUnit } from "./lanes.ts";
import { UPLOAD_TIMEOUT, Upload } from "./upload.ts";

export interface BatchEnv {
  readonly BATCH_RUNS: Workflow<BatchRound>;
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

/**
 * A batch: its manifest, results and state. Workflow instances compute its units and report the results
 * here, in lanes that run at the same time. The alarm starts another instance if one has ended before
 * the batch, and finally deletes the batch.
 */
export class BatchObject extends DurableObject<BatchEnv> {
  readonly #tables: BatchTables;
  readonly #log = jsonLog();
  readonly #rate = new Rate();
  readonly #lanes: Lanes;
  readonly #changes = new Changes();
  readonly #upload = new Upload();

  constructor(ctx: DurableObjectState, env: BatchEnv) {
    super(ctx, env);
    this.#tables = new BatchTables(ctx.storage);
    this.#lanes = new Lanes(this.#tables);
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
    this.#rate.begin(0);
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
    if (action === "resume" && status === "paused") await this.#resume();
    if (action === "retry" && failed > 0 && status !== "cancelled") {
      this.#tables.retry();
      this.#changes.add();
      if (status === "completed") await this.#resume();
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
    if (this.#runningIn(round) === undefined) return undefined;
    const taken = this.#lanes.take(lane, (results) => this.#record(results));
    this.#changes.add();
    return taken;
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
    if (state.round === round) this.#lanes.settle(lane, problem);
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
    const round = last + 1;
    this.#tables.update({ round, held: {} });
    this.#changes.add();
    await this.ctx.storage.setAlarm(Date.now() + CHECK_INTERVAL);
    try {
      await startInstance(this.env.BATCH_RUNS, header, round);
    } catch (error) {
      this.#log({ level: "error", event: "workflow not started", batch: header.id, round, error });
    }
  }

  async #resume(): Promise<void> {
    this.#turn("running");
    this.#rate.begin(doneOf(this.#tables.state as BatchState));
    await this.#startRound();
  }

  async #hasInstance({ header, round }: BatchState): Promise<boolean> {
    try {
      return await isActive(this.env.BATCH_RUNS, header, round);
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

  /** The state, if the batch runs and this is its round. */
  #runningIn(round: number): BatchState | undefined {
    const { state } = this.#tables;
    return state?.status === "running" && state.round === round ? state : undefined;
  }

  #batchOf(state: BatchState): Batch {
    const { header, status, updated, succeeded, failed, failures, milliseconds, held } = state;
    const isRunning = status === "running";
    const running = Object.values(held).reduce((sum, unit) => sum + linesIn(unit), 0);
    return {
      ...{ header, status, updated, succeeded, failed, failures, milliseconds, running },
      ...(isRunning ? this.#rate.estimate(pendingOf(state)) : { rate: 0 }),
      ...(isRunning && state.waiting !== undefined && { waiting: state.waiting }),
    };
  }
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
