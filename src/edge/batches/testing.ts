/** Shared by the tests of batches: manifests, units with a known outcome, rounds that tests run. */

import { env, type WorkflowStep } from "cloudflare:workers";
import type { DurableObjectNamespace, Workflow } from "@cloudflare/workers-types";
import { afterEach, beforeEach, vi } from "vitest";
import {
  type BatchEvent,
  type BatchLine,
  type BatchRequest,
  type DeliverResults,
  type LineResult,
  MachineTime,
  type RunUnit,
  silent,
} from "../../app/index.ts";
import { type BatchHandle, runBatch } from "./batch-run.ts";
import { type BatchStub, batchName, edgeBatches } from "./edge-batches.ts";
import type { BatchRound } from "./instances.ts";

const { BATCHES, BATCH_RUNS } = env as {
  BATCHES: DurableObjectNamespace;
  BATCH_RUNS: Workflow<BatchRound>;
};

export const stubOf = (name: string) =>
  BATCHES.get(BATCHES.idFromName(name)) as unknown as BatchStub & BatchHandle;
export const batches = edgeBatches(stubOf);
export const objectOf = (id: string) => stubOf(batchName("", id));
export const { signal } = new AbortController();

export function request(more: Partial<BatchRequest> = {}): BatchRequest {
  return {
    tenant: "",
    model: { name: "m", digest: "d" },
    backend: "auto",
    detail: "normal",
    formats: ["png"],
    size: "source",
    threshold: 0.5,
    parallelism: 1,
    request: "request-1",
    ...more,
  };
}

/** Lines of groups: `{ a: 2, b: 1 }` has two photographs in the group `a` and one in `b`. */
export async function* linesOf(groups: Readonly<Record<string, number>>) {
  let line = 0;
  for (const [group, count] of Object.entries(groups)) {
    for (let i = 0; i < count; i++) {
      line++;
      yield { line, id: `${group}/${i}`, sha256: "a".repeat(64), group };
    }
  }
}

export async function submit(
  groups: Readonly<Record<string, number>>,
  more: Partial<BatchRequest> = {},
  idempotencyKey?: string,
): Promise<string> {
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const submission = { request: request(more), lines: linesOf(groups), ...key };
  return (await batches.submit(submission)).header.id;
}

export const stateOf = async (id: string) => {
  const batch = await batches.get("", id);
  if (batch === undefined) throw new Error("there is no such batch");
  return batch;
};

export async function resultsOf(id: string, order: "manifest" | "done" = "manifest") {
  return Array.fromAsync((await batches.results("", id, order)) ?? []);
}

export async function eventsOf(id: string, after = 0): Promise<BatchEvent[]> {
  return Array.fromAsync((await batches.events("", id, after, signal)) ?? []);
}

/** The lines of results, in their order. */
export const numbers = (results: readonly LineResult[]) => results.map(({ line }) => line);

export function masked(line: BatchLine): LineResult {
  const image = { width: 2, height: 1, coverage: 0.5, box: null, presence: 1 };
  return { ...line, result: "f".repeat(64), image: { sha256: line.sha256 ?? "", ...image } };
}

export const succeeds: RunUnit = async function* succeeds(_, lines, { isPending }) {
  for (const line of lines.filter(isPending)) yield masked(line);
};

/** Tries steps as often as the runtime does, without its delays. */
const step: Pick<WorkflowStep, "do"> = {
  async do(_: string, ...rest: unknown[]) {
    const { retries } = rest[0] as { retries: { limit: number } };
    const work = rest[1] as () => Promise<never>;
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (attempt === retries.limit) throw error;
      }
    }
  },
};

interface RoundParts {
  readonly run?: RunUnit;
  readonly deliver?: DeliverResults;
  readonly through?: Pick<WorkflowStep, "do">;
}

/** Runs a Workflow instance that a batch's object has started. */
export async function runRound(
  payload: BatchRound | undefined,
  { run = succeeds, deliver = async () => {}, through = step }: RoundParts = {},
): Promise<void> {
  if (payload === undefined) throw new Error("no instance was started");
  const parts = {
    stubOf: ({ tenant, id }: BatchRound) => stubOf(batchName(tenant, id)),
    ...{ run, deliver, log: silent, machine: new MachineTime() },
  };
  await runBatch({ payload }, through, parts);
}

/** Collects the instances that are started, so that tests run them. Call once per suite. */
export function useRounds(): BatchRound[] {
  const started: BatchRound[] = [];
  beforeEach(() => {
    started.length = 0;
    vi.spyOn(Object.getPrototypeOf(BATCH_RUNS), "create").mockImplementation(async (options) => {
      const { id, params } = options as { id: string; params: BatchRound };
      started.push(params);
      return { id } as never;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return started;
}

/** Makes the service refuse the next instance. */
export function failNextStart(): void {
  const prototype = Object.getPrototypeOf(BATCH_RUNS);
  vi.spyOn(prototype, "create").mockRejectedValueOnce(new Error("workflows are down"));
  vi.spyOn(prototype, "get").mockRejectedValueOnce(new Error("instance.not_found"));
}

/** Sets the status that the service tells of each instance. */
export function tellStatus(status: string): void {
  const instance = { status: async () => ({ status }) };
  vi.spyOn(Object.getPrototypeOf(BATCH_RUNS), "get").mockResolvedValue(instance as never);
}

export function pass(milliseconds: number): void {
  const now = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(now + milliseconds);
}
