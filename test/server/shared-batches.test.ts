// Batches that several servers compute together through a real Redis.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AppDependencies, RunUnit } from "../../src/app/index.ts";
import { clusterBatchStorage, PENDING_BATCHES } from "../../src/server/cluster/batch-storage.ts";
import { ClusterConnection } from "../../src/server/cluster/connection.ts";
import { events } from "../app-client.ts";
import { gate, withBatches } from "../batches.ts";
import { problem } from "../responses.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

const SOON = { interval: 10, timeout: 30_000 };

describe.skipIf(!hasRedis)("batches that several servers share", { timeout: 60_000 }, () => {
  let redis: RedisServer;
  const cleanUps: (() => unknown)[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
    const connection = await ClusterConnection.open({ url: redis.url, onError: () => {} });
    await connection.commands.flushall();
    connection.close();
  });

  type Run = NonNullable<Parameters<typeof withBatches>[0]>["run"];

  /** One of the servers; all of a test have the same stores. */
  async function server(host?: AppDependencies, run?: Run) {
    const connection = await ClusterConnection.open({ url: redis.url, onError: () => {} });
    const own = await withBatches({
      storage: clusterBatchStorage(connection, 1e7),
      ...(host && { host: { stores: host.stores } }),
      ...(run && { run }),
    });
    cleanUps.push(async () => {
      await own.batches.stop();
      connection.close();
    });
    return { ...own, connection };
  }

  /** Groups of one photograph each. */
  const groups = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`g${i}`, [`image slow ${i}`]]));

  it("are computed by all of them, each photograph once, and told by any", async () => {
    const one = await server();
    const two = await server(one.dependencies);
    const batch = await one.accepted(await one.create(await one.lines(groups(16))));
    const following = two.request(batch.links.events).then(events);
    expect(await one.until(batch, "completed")).toMatchObject({
      counts: { total: 16, pending: 0, running: 0, succeeded: 16, failed: 0 },
    });
    await two.until(batch, "completed");
    const calls = [one, two].map(({ segmenter }) => segmenter.calls.flat());
    expect(calls.flat().sort()).toEqual(Object.values(groups(16)).flat().sort());
    for (const own of calls) expect(own.length).toBeGreaterThan(0);
    const results = await two.results(batch);
    expect(results.map(({ line }) => line)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(await one.results(batch)).toEqual(results);
    const told = (await following).filter(({ event }) => event === "result");
    expect(new Set(told.map(({ data }) => data.line)).size).toBe(16);
    expect(told).toHaveLength(16);
  });

  it("are paused, resumed and cancelled from any of them", async () => {
    const held = gate();
    const one = await server(undefined, held.run);
    const two = await server(one.dependencies, held.run);
    const lines = await one.lines(groups(8));
    const batch = await one.accepted(await one.create(lines, "?parallelism=1"));
    await expect.poll(() => held.waiting.length, SOON).toBe(2);
    expect((await two.act(batch, "pause")).status).toBe("paused");
    await one.until(batch, "paused");
    held.next();
    held.next();
    await expect.poll(async () => (await two.state(batch)).counts.succeeded, SOON).toBe(2);
    expect(held.waiting).toHaveLength(0);
    expect((await one.act(batch, "resume")).status).toBe("running");
    await expect.poll(() => held.waiting.length, SOON).toBe(2);
    expect((await two.act(batch, "cancel")).status).toBe("cancelled");
    expect((await one.until(batch, "cancelled")).counts.succeeded).toBe(2);
  });

  it("keep the first result of a photograph, whatever a server writes that was thought dead", async () => {
    const one = await server();
    const lines = await one.lines(groups(2));
    const batch = await one.accepted(await one.create(lines));
    await expect.poll(async () => (await one.state(batch)).status, SOON).toBe("completed");
    const before = await one.results(batch);
    const late = { line: 1, ...lines[0]!, problem: { code: "internal", detail: "late" } } as const;
    await clusterBatchStorage(one.connection, 1e7).append(batch.id, [{ result: late }]);
    const two = await server(one.dependencies);
    for (const own of [one, two]) {
      expect((await own.state(batch)).counts).toMatchObject({ succeeded: 2, failed: 0 });
      expect(await own.results(batch)).toEqual(before);
      expect(await own.results(batch, "?order=done")).toHaveLength(2);
      const told = await events(await own.request(batch.links.events));
      expect(told.filter(({ event }) => event === "result")).toHaveLength(2);
    }
  });

  it("are tried again from any of them, without waiting for a lease to end", async () => {
    let isBroken = true;
    const run = (own: RunUnit): RunUnit =>
      async function* broken(request, lines, context) {
        if (!isBroken) return yield* own(request, lines, context);
        const problem = { code: "image_undecodable", detail: "broken" } as const;
        for (const line of lines) yield { ...line, problem };
      };
    const one = await server(undefined, run);
    const two = await server(one.dependencies, run);
    const batch = await one.accepted(await one.create(await one.lines(groups(4))));
    await expect.poll(async () => (await one.state(batch)).status, SOON).toBe("completed");
    isBroken = false;
    expect((await two.act(batch, "retry")).counts.failed).toBe(0);
    // A lease that is not given back ends after 10 s.
    const succeeded = async () => (await one.state(batch)).counts.succeeded;
    await expect.poll(succeeded, { interval: 10, timeout: 7_000 }).toBe(4);
  });

  it("say in a list how many photographs have no result, up to a thousand", async () => {
    const held = gate();
    const one = await server(undefined, held.run);
    const batch = await one.accepted(await one.create(await one.lines(groups(8))));
    const { commands } = one.connection;
    await expect.poll(() => commands.llen(PENDING_BATCHES), SOON).toBe(8);
    await one.act(batch, "pause");
    await expect.poll(() => commands.exists(PENDING_BATCHES), SOON).toBe(0);
    const { shared } = clusterBatchStorage(one.connection, 1e7);
    await shared?.announce(1_000_000);
    expect(await commands.llen(PENDING_BATCHES)).toBe(1_000);
  });

  it("have results that are read in any order, however many", async () => {
    const one = await server();
    const storage = clusterBatchStorage(one.connection, 1e7);
    const batch = await one.accepted(await one.create(await one.lines(groups(1))));
    await one.until(batch, "completed");
    const records = Array.from({ length: 1_234 }, (_, milliseconds) => ({ milliseconds }));
    const placed = (await storage.append(batch.id, records)).toReversed();
    const starts = placed.map(({ start }) => start);
    expect(await Array.fromAsync(storage.read(batch.id, starts))).toEqual(records.toReversed());
  });

  it("are deleted for all of them, and computed by none any more", async () => {
    const held = gate();
    const one = await server(undefined, held.run);
    const two = await server(one.dependencies, held.run);
    const batch = await one.accepted(await one.create(await one.lines(groups(8))));
    await expect.poll(() => held.waiting.length, SOON).toBeGreaterThan(2);
    const deleted = await two.request(batch.links.self, { method: "DELETE" });
    expect(deleted.status).toBe(204);
    for (const { request } of [one, two]) {
      await expect.poll(async () => (await request(batch.links.self)).status, SOON).toBe(404);
    }
    await one.batches.stop();
    await two.batches.stop();
    const keys = await one.connection.commands.keys("*batch:*");
    expect(keys).toEqual([]);
    expect([...one.segmenter.calls, ...two.segmenter.calls]).toEqual([]);
  });

  it("are the same for the same key, and for one manifest only", async () => {
    const one = await server();
    const two = await server(one.dependencies);
    const lines = await one.lines(groups(2));
    const headers = { "idempotency-key": "k" };
    const first = await one.accepted(await one.create(lines, "", headers));
    expect((await two.accepted(await two.create(lines, "", headers))).id).toBe(first.id);
    const refused = await problem(await two.create(lines.slice(1), "", headers));
    expect(refused.code).toBe("idempotency_mismatch");
    await two.until(first, "completed");
    expect(await two.results(first)).toHaveLength(2);
  });

  it("go on without a server that dies, and lose and repeat nothing", async () => {
    const held = gate();
    const one = await server(undefined, held.run);
    const lines = await one.lines(groups(6));
    const batch = await one.accepted(await one.create(lines));
    await expect.poll(() => held.waiting.length, SOON).toBeGreaterThan(0);
    one.connection.close();
    const two = await server(one.dependencies);
    await expect.poll(async () => (await two.state(batch)).status, SOON).toBe("completed");
    expect((await two.results(batch)).map(({ id, status }) => [id, status])).toEqual(
      lines.map(({ id }) => [id, "succeeded"]),
    );
  });

  it("survive Redis, which is killed and has its data again", async () => {
    const held = gate();
    const one = await server(undefined, held.run);
    const two = await server(one.dependencies);
    const lines = await one.lines(groups(20));
    const batch = await one.accepted(await one.create(lines));
    await expect.poll(() => held.waiting.length, SOON).toBeGreaterThan(0);
    await redis.kill();
    expect((await problem(await two.request(batch.links.self))).code).toBe("store_unavailable");
    await redis.start(true);
    const release = setInterval(() => held.next(), 5);
    const status = async () => (await two.request(batch.links.self)).json().then((s) => s.status);
    await expect.poll(status, SOON).toBe("completed");
    clearInterval(release);
    expect((await two.results(batch)).map(({ id }) => id)).toEqual(lines.map(({ id }) => id));
  });
});
