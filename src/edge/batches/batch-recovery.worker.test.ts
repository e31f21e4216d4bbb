import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { RunUnit } from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import {
  batches,
  failNextStart,
  masked,
  numbers,
  objectOf,
  pass,
  resultsOf,
  runRound,
  stateOf,
  submit,
  succeeds,
  tellStatus,
  useRounds,
} from "./testing.ts";

const started = useRounds();

describe("each line gets one result", () => {
  it("when a step fails in the middle of a unit and is repeated", async () => {
    const id = await submit({ a: 40, b: 1 });
    const asked: number[] = [];
    let tries = 0;
    const run: RunUnit = async function* run(_, lines, { isPending }) {
      tries++;
      for (const line of lines.filter(isPending)) {
        asked.push(line.line);
        if (tries === 1 && line.line === 20) throw new Error("the isolate has ended");
        yield { ...masked(line), result: String(tries) } as never;
      }
    };
    await runRound(started[0], { run });
    expect(await stateOf(id)).toMatchObject({ status: "completed", succeeded: 41, failed: 0 });
    const results = await resultsOf(id);
    expect(numbers(results)).toEqual(Array.from({ length: 41 }, (_, i) => i + 1));
    // What was reported is kept; what was not is computed again.
    expect(results.map((result) => "result" in result && result.result).slice(0, 17)).toEqual([
      ...Array(16).fill("1"),
      "2",
    ]);
    expect(asked.filter((line) => line === 16)).toHaveLength(1);
    expect(asked.filter((line) => line === 17)).toHaveLength(2);
  });

  it("when two instances compute the batch at the same time", async () => {
    const id = await submit({ a: 20, b: 20, c: 20 });
    const first = started[0]!;
    const slow: RunUnit = async function* slow(asked, lines, context) {
      await batches.act("", id, "pause");
      await batches.act("", id, "resume");
      await runRound(started[1]);
      yield* succeeds(asked, lines, context);
    };
    await runRound(first, { run: slow });
    expect(await stateOf(id)).toMatchObject({ status: "completed", succeeded: 60 });
    for (const order of ["manifest", "done"] as const) {
      const lines = numbers(await resultsOf(id, order));
      expect(lines.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    }
  });

  it("when the object ends and is started again", async () => {
    const id = await submit({ a: 1, b: 2, c: 1 });
    const run: RunUnit = async function* run(asked, lines, context) {
      yield* succeeds(asked, lines, context);
      await evictDurableObject(objectOf(id));
    };
    await runRound(started[0], { run });
    expect(await stateOf(id)).toMatchObject({ status: "completed", succeeded: 4 });
    expect(numbers(await resultsOf(id))).toEqual([1, 2, 3, 4]);
  });

  it("when lanes compute units at the same time", async () => {
    const groups = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`g${i}`, 3]));
    const id = await submit(groups, { parallelism: 3 });
    let [now, most] = [0, 0];
    const run: RunUnit = async function* run(asked, lines, context) {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      yield* succeeds(asked, lines, context);
      now--;
    };
    await runRound(started[0], { run });
    expect(most).toBe(3);
    expect(await stateOf(id)).toMatchObject({ status: "completed", succeeded: 120, running: 0 });
    expect(await resultsOf(id, "done")).toHaveLength(120);
  });
});

describe("a fault", () => {
  it("of the service is waited for, however long it takes", async () => {
    const id = await submit({ a: 1 });
    let left = 20;
    const run: RunUnit = async function* run(asked, lines, context) {
      if (left-- > 0) throw new CosalError("backend_unavailable", "no GPU");
      yield* succeeds(asked, lines, context);
      return;
    };
    const told: unknown[] = [];
    const watched: RunUnit = async function* watched(...args) {
      told.push((await stateOf(id)).waiting?.code);
      yield* run(...args);
    };
    await runRound(started[0], { run: watched });
    expect(told).toEqual([undefined, ...Array(20).fill("backend_unavailable")]);
    const end = await stateOf(id);
    expect(end).toMatchObject({ status: "completed", succeeded: 1 });
    expect(end.waiting).toBeUndefined();
  });

  it("of a unit is given up after eight attempts, and costs no other unit", async () => {
    const id = await submit({ a: 2, b: 1 });
    let tries = 0;
    const run: RunUnit = async function* run(asked, lines, context) {
      if (lines[0]?.group === "a" && ++tries > 0) throw new Error("a bug");
      yield* succeeds(asked, lines, context);
    };
    await runRound(started[0], { run });
    expect(tries).toBe(8);
    const end = await stateOf(id);
    expect(end).toMatchObject({ status: "completed", succeeded: 1, failed: 2 });
    expect(end.failures).toEqual({ internal: 2 });
  });

  it("at the destination is waited for, and told", async () => {
    const id = await submit({ a: 1 });
    const told: unknown[] = [];
    let left = 3;
    const deliver = async (_: unknown, results: AsyncIterable<{ line: number }>) => {
      const { status, waiting } = await stateOf(id);
      told.push([status, waiting?.code]);
      expect((await Array.fromAsync(results)).map(({ line }) => line)).toEqual([1]);
      if (left-- > 0) throw new CosalError("store_unavailable", "no bucket");
    };
    await runRound(started[0], { deliver });
    const isWaiting = ["running", "store_unavailable"];
    expect(told).toEqual([["running", undefined], isWaiting, isWaiting, isWaiting]);
    expect((await stateOf(id)).status).toBe("completed");
  });
});

describe("an instance", () => {
  it("that has ended before its batch is followed by another", async () => {
    const id = await submit({ a: 1, b: 1 });
    tellStatus("running");
    await runDurableObjectAlarm(objectOf(id));
    expect(started).toHaveLength(1);
    tellStatus("errored");
    await runDurableObjectAlarm(objectOf(id));
    expect(started.map(({ round }) => round)).toEqual([1, 2]);
    await runRound(started[1]);
    expect(await stateOf(id)).toMatchObject({ status: "completed", succeeded: 2 });
    // The first one is not of this world any more.
    await runRound(started[0]);
    expect(started).toHaveLength(2);
  });

  it("that could not be started is started a minute later", async () => {
    failNextStart();
    const id = await submit({ a: 1 });
    expect(started).toEqual([]);
    await runDurableObjectAlarm(objectOf(id));
    await runRound(started[0]);
    expect((await stateOf(id)).status).toBe("completed");
  });

  it("that has used up its steps is followed by another, at the same rate", async () => {
    const id = await submit({ a: 32, b: 1 });
    const through = {
      async do(name: string, _: unknown, work: () => Promise<never>) {
        if (/^lane.*step ([2-9]|\d\d)/.test(name)) throw new Error("failed in all attempts");
        return work();
      },
    };
    await runRound(started[0], { through: through as never });
    expect(started.map(({ round }) => round)).toEqual([1, 2]);
    const state = await stateOf(id);
    expect([state.status, state.succeeded]).toEqual(["running", 32]);
    expect(state.rate).toBeGreaterThan(0);
    await runRound(started[1]);
    expect((await stateOf(id)).status).toBe("completed");
  });

  it("computes a large group in several steps", async () => {
    const id = await submit({ a: 150 });
    const parts: number[] = [];
    const run: RunUnit = async function* run(asked, lines, context) {
      parts.push(lines.filter(context.isPending).length);
      yield* succeeds(asked, lines, context);
    };
    await runRound(started[0], { run });
    expect(parts).toEqual([150, 86, 22]);
    expect(await stateOf(id)).toMatchObject({ status: "completed", succeeded: 150 });
  });
});

describe("a batch is forgotten", () => {
  it("30 days after its last change", async () => {
    const id = await submit({ a: 1 });
    await runRound(started[0]);
    pass(29 * 24 * 3_600_000);
    await runDurableObjectAlarm(objectOf(id));
    expect(await batches.get("", id)).toBeDefined();
    pass(2 * 24 * 3_600_000);
    await runDurableObjectAlarm(objectOf(id));
    expect(await batches.get("", id)).toBeUndefined();
  });

  it("when its manifest stops arriving", async () => {
    const stub = objectOf("abandoned");
    expect(await stub.begin("first")).toBe(true);
    await runDurableObjectAlarm(stub);
    expect(await stub.write("first", [])).toBe(true);
    pass(70_000);
    await runDurableObjectAlarm(stub);
    expect(await stub.write("first", [])).toBe(false);
    expect(await stub.begin("second")).toBe(true);
  });
});
