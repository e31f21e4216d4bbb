// What several servers count together in a real Redis: leases on groups, requests, nonces.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NonceMemory } from "../../src/app/access/request-signature.ts";
import { type SingleFlight, silent } from "../../src/app/index.ts";
import { ClusterConnection, QueueUnusable } from "../../src/server/cluster/connection.ts";
import { clusterSingleFlight } from "../../src/server/cluster/leases.ts";
import { sharedNonces } from "../../src/server/cluster/nonces.ts";
import { sharedRateLimiter } from "../../src/server/cluster/rate-limiter.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

const never = new AbortController().signal;

describe.skipIf(!hasRedis)("servers that share a Redis", { timeout: 60_000 }, () => {
  let redis: RedisServer;
  const connections: ClusterConnection[] = [];
  const faults: unknown[] = [];
  const onFault = (error: unknown) => faults.push(error);

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => {
    faults.length = 0;
  });
  afterEach(async () => {
    redis.thaw();
    for (const connection of connections.splice(0)) connection.close();
  });

  async function server(): Promise<ClusterConnection> {
    const connection = await ClusterConnection.open({ url: redis.url, onError: () => {} });
    connections.push(connection);
    return connection;
  }
  const flights = async (): Promise<[SingleFlight, ClusterConnection]> => {
    const connection = await server();
    return [clusterSingleFlight(connection, silent), connection];
  };

  it("compute equal groups once, wherever they come", async () => {
    const [[here], [there]] = [await flights(), await flights()];
    const lease = await here.acquire("one", never);
    expect(lease).toBeDefined();
    const order: string[] = [];
    const waiting = [here, there, there].map(async (flight) => {
      expect(await flight.acquire("one", never)).toBeUndefined();
      order.push("ended");
    });
    expect(await there.acquire("another", never)).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 100));
    order.push("released");
    await lease?.release();
    await Promise.all(waiting);
    expect(order).toEqual(["released", "ended", "ended", "ended"]);
    expect(await there.acquire("one", never)).toBeDefined();
  });

  it("give up a lease whose request is gone, and wait for none themselves then", async () => {
    const [[here], [there]] = [await flights(), await flights()];
    const [holder, waiter] = [new AbortController(), new AbortController()];
    await here.acquire("two", holder.signal);
    const waiting = there.acquire("two", waiter.signal);
    waiter.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    holder.abort();
    const third = await flights();
    while ((await third[0].acquire("two", never)) === undefined);
  });

  it("take over the lease of one that died", async () => {
    const [[here, connection], [there]] = [await flights(), await flights()];
    await here.acquire("three", never);
    connection.close();
    const began = Date.now();
    while ((await there.acquire("three", never)) === undefined);
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  it("count each for itself while Redis is away", async () => {
    const [[here], [there]] = [await flights(), await flights()];
    const limit = sharedRateLimiter((await server()).commands, { read: 2 }, onFault);
    const nonces = sharedNonces((await server()).commands, new NonceMemory(), onFault);
    await redis.kill();
    expect(await here.acquire("four", never)).toBeDefined();
    expect(await there.acquire("four", never)).toBeDefined();
    const verdicts = [1, 2, 3].map(() => limit({ subject: "a", kind: "read" }));
    expect((await Promise.all(verdicts)).map((verdict) => verdict?.allowed)).toEqual([
      ...[true, true, false],
    ]);
    expect(await nonces.take("n", 0)).toBe(true);
    expect(await nonces.take("n", 0)).toBe(false);
    expect(faults.length).toBeGreaterThan(0);
    await redis.start(true);
  });

  it("are told when they may not come in, or Redis may forget, and repeat no password", async () => {
    const { commands } = await server();
    const told: unknown[] = [];
    const onError = (error: Error) => told.push({ ...error, message: error.message });
    await commands.config("SET", "maxmemory-policy", "allkeys-lru");
    connections.push(await ClusterConnection.open({ url: redis.url, onError }));
    expect(JSON.stringify(told)).toContain("allkeys-lru");
    await commands.config("SET", "maxmemory-policy", "noeviction");
    await commands.config("SET", "requirepass", "right-secret");
    const wrong = redis.url.replace("redis://", "redis://:wrong-secret@");
    for (const url of [wrong, redis.url]) {
      await expect(ClusterConnection.open({ url, onError })).rejects.toThrow(QueueUnusable);
    }
    const right = redis.url.replace("redis://", "redis://:right-secret@");
    connections.push(await ClusterConnection.open({ url: right, onError }));
    await commands.config("SET", "requirepass", "");
    expect(JSON.stringify(told)).not.toContain("-secret");
  });

  it("let a caller have so many requests a minute of all of them", async () => {
    const now = () => 90_000;
    const [one, two] = await Promise.all(
      [1, 2].map(async () =>
        sharedRateLimiter((await server()).commands, { read: 3 }, onFault, now),
      ),
    );
    const verdicts = [];
    for (const limit of [one, two, one, two]) {
      verdicts.push(await limit!({ subject: "key:a", kind: "read" }));
    }
    expect(verdicts.map((verdict) => [verdict?.allowed, verdict?.remaining])).toEqual([
      ...[
        [true, 2],
        [true, 1],
        [true, 0],
      ],
      [false, 0],
    ]);
    expect(verdicts[0]).toMatchObject({ limit: 3, window: 60, reset: 30 });
    expect((await two!({ subject: "key:b", kind: "read" }))?.allowed).toBe(true);
    expect((await one!({ subject: "key:a", kind: "read", perMinute: 9 }))?.remaining).toBe(4);
    expect(await one!({ subject: "key:a", kind: "write" })).toBeUndefined();
  });

  it("take a signed request once, whichever it comes to", async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(async () => sharedNonces((await server()).commands, new NonceMemory(), onFault)),
    );
    const nonce = "0".repeat(32);
    const taken = await Promise.all([one, two, one, two].map((nonces) => nonces!.take(nonce, 0)));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });
});
