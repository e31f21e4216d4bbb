import { describe, expect, it } from "vitest";
import type { RunUnit } from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import {
  batches,
  eventsOf,
  linesOf,
  masked,
  numbers,
  request,
  resultsOf,
  runRound,
  signal,
  stateOf,
  submit,
  succeeds,
  useRounds,
} from "./testing.ts";

const started = useRounds();

describe("a batch", () => {
  it("is computed group by group, and has one result for each line", async () => {
    const id = await submit({ a: 2, b: 1 });
    expect(started).toEqual([{ tenant: "", id, round: 1, parallelism: 1 }]);
    expect(await stateOf(id)).toMatchObject({ status: "running", succeeded: 0, running: 0 });
    const units: string[][] = [];
    const run: RunUnit = async function* run(asked, lines, context) {
      units.push(lines.map(({ id }) => id));
      expect((await stateOf(id)).running).toBe(lines.length);
      for await (const result of succeeds(asked, lines, context)) yield result;
    };
    await runRound(started[0], { run });
    expect(units).toEqual([["a/0", "a/1"], ["b/0"]]);
    expect(await stateOf(id)).toMatchObject({
      ...{ status: "completed", succeeded: 3, failed: 0, running: 0 },
      header: { total: 3 },
    });
    expect(numbers(await resultsOf(id))).toEqual([1, 2, 3]);
  });

  it("counts what failed by code", async () => {
    const id = await submit({ a: 2 });
    const run: RunUnit = async function* run(_, lines) {
      yield masked(lines[0]!);
      yield { ...lines[1]!, problem: { code: "image_undecodable", detail: "broken" } };
    };
    await runRound(started[0], { run });
    const end = await stateOf(id);
    expect(end).toMatchObject({ status: "completed", succeeded: 1, failed: 1 });
    expect(end.failures).toEqual({ image_undecodable: 1 });
  });

  it("tells its events, and those after one", async () => {
    const id = await submit({ a: 2, b: 1 });
    const following = eventsOf(id);
    await runRound(started[0]);
    const all = await following;
    expect(all[0]).toMatchObject({ event: "batch", data: { status: "running" } });
    expect(all.at(-1)).toMatchObject({ event: "batch", data: { status: "completed" } });
    const told = all.flatMap((event) => (event.event === "result" ? [event] : []));
    expect(told.map(({ number, data }) => [number, data.line])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    const rest = await eventsOf(id, 1);
    expect(rest.filter(({ event }) => event === "result")).toEqual(told.slice(1));
    await expect(batches.events("", id, 4, signal)).rejects.toMatchObject({
      code: "option_invalid",
    });
  });

  it("is paused after what is being computed, and goes on", async () => {
    const id = await submit({ a: 1, b: 1, c: 1 });
    const run: RunUnit = async function* run(asked, lines, context) {
      await batches.act("", id, "pause");
      yield* succeeds(asked, lines, context);
    };
    await runRound(started[0], { run });
    expect(await stateOf(id)).toMatchObject({ status: "paused", succeeded: 1, running: 0 });
    expect(await batches.act("", id, "resume")).toMatchObject({ status: "running" });
    expect(started.map(({ round }) => round)).toEqual([1, 2]);
    await runRound(started[1]);
    expect(await stateOf(id)).toMatchObject({ status: "completed", succeeded: 3 });
  });

  it("is cancelled for good, and keeps the results that there are", async () => {
    const id = await submit({ a: 40, b: 1 });
    let isStopped = false;
    const run: RunUnit = async function* run(_, lines, { signal }) {
      for (const line of lines) {
        if (line.line === 17) await batches.act("", id, "cancel");
        isStopped = signal.aborted;
        signal.throwIfAborted();
        yield masked(line);
      }
    };
    await runRound(started[0], { run });
    expect(isStopped).toBe(true);
    for (const action of ["resume", "retry", "pause"] as const) await batches.act("", id, action);
    expect(await stateOf(id)).toMatchObject({ status: "cancelled", succeeded: 16, running: 0 });
    expect(await resultsOf(id)).toHaveLength(16);
    expect(started).toHaveLength(1);
  });

  it("tries again what failed, and leaves what did not", async () => {
    const id = await submit({ a: 1, b: 2 });
    const run: RunUnit = async function* run(_, lines, { isPending }) {
      for (const line of lines.filter(isPending)) {
        const problem = { code: "images_missing", detail: "gone" } as const;
        yield line.line === 2 ? { ...line, problem } : masked(line);
      }
    };
    await runRound(started[0], { run });
    expect(await stateOf(id)).toMatchObject({ status: "completed", failed: 1 });
    const before = await resultsOf(id);
    expect(await batches.act("", id, "retry")).toMatchObject({ status: "running", failed: 0 });
    const units: number[][] = [];
    const again: RunUnit = (asked, lines, context) => {
      units.push(lines.map(({ line }) => line));
      return succeeds(asked, lines, context);
    };
    await runRound(started[1], { run: again });
    expect(units).toEqual([[2, 3]]);
    expect(await stateOf(id)).toMatchObject({ status: "completed", succeeded: 3, failed: 0 });
    const after = await resultsOf(id);
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    expect(numbers(await resultsOf(id, "done"))).toEqual([1, 3, 2]);
  });

  it("is deleted with its results, and what computes it ends", async () => {
    const id = await submit({ a: 1, b: 1 });
    const run: RunUnit = async function* run(asked, lines, context) {
      expect(await batches.remove("", id)).toBe(true);
      yield* succeeds(asked, lines, context);
    };
    await runRound(started[0], { run });
    expect(await batches.get("", id)).toBeUndefined();
    expect(await batches.results("", id, "manifest")).toBeUndefined();
    expect(await batches.remove("", id)).toBe(false);
  });

  it("belongs to its tenant", async () => {
    const id = await submit({ a: 1 });
    expect(await batches.get("other", id)).toBeUndefined();
    expect(await batches.act("other", id, "cancel")).toBeUndefined();
    expect(await batches.remove("other", id)).toBe(false);
    expect(await batches.events("other", id, 0, signal)).toBeUndefined();
    expect(await batches.results("other", id, "done")).toBeUndefined();
    expect((await stateOf(id)).status).toBe("running");
  });
});

describe("a manifest", () => {
  it("is kept as a whole or not at all", async () => {
    async function* broken() {
      yield* linesOf({ a: 1500 });
      throw new CosalError("body_invalid", "line 1501");
    }
    const submission = { request: request(), lines: broken(), idempotencyKey: "broken" };
    await expect(batches.submit(submission)).rejects.toMatchObject({ code: "body_invalid" });
    expect(started).toEqual([]);
    const id = await submit({ a: 1 }, {}, "broken");
    await runRound(started[0]);
    expect(await resultsOf(id)).toHaveLength(1);
  });

  it("is one batch for its idempotency key, which is for one manifest", async () => {
    const [first, second] = await Promise.all([
      submit({ a: 1, b: 1 }, {}, "key"),
      submit({ a: 1, b: 1 }, { request: "request-2" }, "key"),
    ]);
    expect(second).toBe(first);
    expect(started).toHaveLength(1);
    expect(await submit({ a: 1 }, { tenant: "other" }, "key")).not.toBe(first);
    for (const other of [
      submit({ a: 2 }, {}, "key"),
      submit({ a: 1, b: 1 }, { size: "model" }, "key"),
    ]) {
      await expect(other).rejects.toMatchObject({ code: "idempotency_mismatch" });
    }
  });
});
