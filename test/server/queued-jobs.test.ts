// Jobs that several servers share through a real Redis, which is killed, emptied, frozen and filled.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type Job,
  type JobEvent,
  type JobRequest,
  type RunJob,
  silent,
} from "../../src/app/index.ts";
import { CosalError } from "../../src/errors.ts";
import { ClusterConnection, PREFIX } from "../../src/server/cluster/connection.ts";
import { type QueuedJobs, queuedJobs } from "../../src/server/cluster/queued-jobs.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

const SOON = { interval: 10, timeout: 20_000 };
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const never = new AbortController().signal;

let redis: RedisServer;
const servers: { readonly jobs: QueuedJobs; readonly connection: ClusterConnection }[] = [];

function request(more: Partial<JobRequest> = {}): JobRequest {
  return {
    tenant: "key:one",
    group: "a".repeat(64),
    model: { name: "m", digest: "e".repeat(64) },
    images: ["a", "b"].map((id) => ({ id, sha256: id.repeat(64) })),
    seeds: [],
    onError: "fail",
    backend: "auto",
    presentation: "",
    request: "request-1",
    ...more,
  };
}

interface Options {
  readonly running?: number;
  readonly webhooks?: boolean;
  readonly retryDelay?: number;
}

/** One of the servers. */
async function server(
  run: RunJob,
  { running = 2, webhooks = false, retryDelay = 50 }: Options = {},
) {
  const connection = await ClusterConnection.open({ url: redis.url, onError: () => {} });
  const jobs = await queuedJobs({
    ...{ connection, run, running, log: silent, retryDelay, lease: 1_500, sweepInterval: 500 },
    ...(webhooks && { webhooks: { secret: SECRET } }),
  });
  servers.push({ jobs, connection });
  return { jobs, connection };
}

const image = { event: "image", data: { id: "a" } } as never;
const result = { event: "result", data: { id: "group" } } as never;

/** Work that goes well. */
const well: RunJob = async (_, { onEvent }) => {
  onEvent(image);
  onEvent(image);
  onEvent(result);
};

/** Work that begins, and ends when it is told to. */
function gated() {
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  const run: RunJob = async ({ group }, { signal, onEvent }) => {
    begun.push(group);
    onEvent(image);
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      gate.promise.then(resolve);
    });
  };
  return { run, begun, open: gate.resolve };
}

const statusOf = async (jobs: QueuedJobs, { id }: Job) => (await jobs.get("key:one", id))?.status;
const code = (work: Promise<unknown>) =>
  work.then(
    () => "nothing",
    (error: CosalError) => error.code,
  );
async function eventsOf(jobs: QueuedJobs, id: string, after = 0): Promise<JobEvent[]> {
  const found: JobEvent[] = [];
  for await (const event of (await jobs.events("key:one", id, after, never)) ?? []) {
    found.push(event);
  }
  return found;
}

describe.skipIf(!hasRedis)("jobs in Redis", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    const { commands, close } = await opened();
    await commands.config("SET", "maxmemory", "0");
    await commands.flushall();
    close();
  });
  afterEach(async () => {
    redis.thaw();
    for (const { jobs, connection } of servers.splice(0)) {
      await jobs.stop();
      connection.close();
    }
  });

  async function opened() {
    const connection = await ClusterConnection.open({ url: redis.url, onError: () => {} });
    return { commands: connection.commands, close: () => connection.close() };
  }

  it("are computed by whichever server takes them, and known to all", async () => {
    const api = await server(well, { running: 0 });
    const worker = await server(well);
    const job = await api.jobs.submit({ request: request() });
    expect(job).toMatchObject({ status: "queued", attempts: 0, done: 0, total: 2 });
    await expect.poll(() => statusOf(api.jobs, job), SOON).toBe("succeeded");
    expect(await worker.jobs.get("key:one", job.id)).toMatchObject({ done: 2, attempts: 1 });
    expect(await api.jobs.get("key:two", job.id)).toBeUndefined();
    expect(await api.jobs.events("key:two", job.id, 0, never)).toBeUndefined();
    expect(await api.jobs.cancel("key:two", job.id)).toBeUndefined();
  });

  it("tell their events on every server as they come, and after a number", async () => {
    const work = gated();
    const [one, two] = [await server(work.run), await server(work.run, { running: 0 })];
    const job = await two.jobs.submit({ request: request() });
    const following = eventsOf(two.jobs, job.id);
    await expect.poll(() => work.begun.length, SOON).toBe(1);
    work.open();
    const events = await following;
    expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1));
    expect(events.map(({ event }) => event.event)).toEqual(["job", "job", "image", "job"]);
    expect(events.at(-1)?.event.data).toMatchObject({ status: "succeeded" });
    expect(await eventsOf(one.jobs, job.id, 2)).toEqual(events.slice(2));
  });

  it("start the more urgent first, whichever server they were given to", async () => {
    const [one, two] = [await server(well, { running: 0 }), await server(well, { running: 0 })];
    for (const [group, urgency] of [["a", 7], ["b", 5], ["c"], ["d", 5]] as const) {
      const more = { group: group.repeat(64), ...(urgency !== undefined && { urgency }) };
      await (urgency === 5 ? one : two).jobs.submit({ request: request(more) });
    }
    const begun: string[] = [];
    const worker = await server(async ({ group }) => void begun.push(group[0]!), { running: 1 });
    await expect.poll(() => begun.length, SOON).toBe(4);
    expect(begun).toEqual(["c", "b", "d", "a"]);
    await worker.jobs.stop();
  });

  it("start when they are due, if they are delayed, and others before", async () => {
    const begun: { readonly group: string; readonly at: number }[] = [];
    const work: RunJob = async ({ group }) => void begun.push({ group: group[0]!, at: Date.now() });
    const { jobs } = await server(work, { running: 1 });
    const notBefore = Date.now() + 1_500;
    const delayed = await jobs.submit({ request: request({ notBefore }) });
    const cancelled = await jobs.submit({ request: request({ group: "c".repeat(64), notBefore }) });
    await jobs.submit({ request: request({ group: "b".repeat(64) }) });
    await expect.poll(() => begun.length, SOON).toBe(1);
    expect(await statusOf(jobs, delayed)).toBe("queued");
    await jobs.cancel("key:one", cancelled.id);
    await expect.poll(() => statusOf(jobs, delayed), SOON).toBe("succeeded");
    expect(begun.map(({ group }) => group)).toEqual(["b", "a"]);
    expect(begun[1]?.at).toBeGreaterThanOrEqual(notBefore);
  });

  it("are the same for the same key, on every server, and for one request only", async () => {
    const [one, two] = [await server(well), await server(well)];
    const submissions = [one, two, one, two].map(({ jobs }) =>
      jobs.submit({ request: request(), idempotencyKey: "k" }),
    );
    const ids = (await Promise.all(submissions)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    const other = request({ group: "b".repeat(64) });
    const refused = two.jobs.submit({ request: other, idempotencyKey: "k" });
    expect(await code(refused)).toBe("idempotency_mismatch");
  });

  it("are tried again with pauses, and end with the reason, dead-lettered", async () => {
    const times: number[] = [];
    const failing: RunJob = async () => {
      times.push(Date.now());
      throw new CosalError("backend_unavailable", "The device is away.");
    };
    const { jobs, connection } = await server(failing, { retryDelay: 700 });
    const job = await jobs.submit({ request: request() });
    await expect.poll(() => statusOf(jobs, job), SOON).toBe("failed");
    expect(times).toHaveLength(4);
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(gaps[2]).toBeGreaterThan(gaps[0] as number);
    const ended = await jobs.get("key:one", job.id);
    expect(ended?.problem).toMatchObject({ code: "backend_unavailable", request: "request-1" });
    const dead = () => connection.commands.zrange(`${PREFIX}:jobs:failed`, "0", "-1");
    await expect.poll(async () => (await dead()).length, SOON).toBe(1);
    const [name] = await dead();
    const reason = await connection.commands.hget(`${PREFIX}:jobs:${name}`, "failedReason");
    expect(reason).toContain("The device is away.");
  });

  it("are not tried again when that is in vain", async () => {
    let attempts = 0;
    const { jobs } = await server(async () => {
      attempts++;
      throw new CosalError("image_undecodable", "It is damaged.");
    });
    const job = await jobs.submit({ request: request() });
    await expect.poll(() => statusOf(jobs, job), SOON).toBe("failed");
    expect(attempts).toBe(1);
  });

  it("are cancelled from any server, whether they wait or run", async () => {
    const work = gated();
    const [one, two] = [await server(work.run, { running: 1 }), await server(well, { running: 0 })];
    const running = await one.jobs.submit({ request: request() });
    await expect.poll(() => work.begun.length, SOON).toBe(1);
    const waiting = await one.jobs.submit({ request: request({ group: "b".repeat(64) }) });
    for (const { id } of [waiting, running]) {
      expect(await two.jobs.cancel("key:one", id)).toMatchObject({ status: "cancelled" });
    }
    // The place is free again, and the other is not begun.
    const third = await one.jobs.submit({ request: request({ group: "c".repeat(64) }) });
    await expect.poll(() => work.begun.length, SOON).toBe(2);
    expect(work.begun).toEqual(["a".repeat(64), "c".repeat(64)]);
    expect((await eventsOf(two.jobs, running.id)).at(-1)?.event.data).toMatchObject({
      status: "cancelled",
    });
    work.open();
    await expect.poll(() => statusOf(two.jobs, third), SOON).toBe("succeeded");
  });

  it("are given back by a server that stops, and begun by another at once", async () => {
    const work = gated();
    const first = await server(work.run);
    const job = await first.jobs.submit({ request: request() });
    await expect.poll(() => work.begun.length, SOON).toBe(1);
    await first.jobs.stop();
    expect(await statusOf(first.jobs, job)).toBe("queued");
    const second = await server(well);
    await expect.poll(() => statusOf(second.jobs, job), SOON).toBe("succeeded");
    expect((await second.jobs.get("key:one", job.id))?.attempts).toBe(2);
  });

  it("are taken over when their server dies without a word", async () => {
    const work = gated();
    const first = await server(work.run);
    const job = await first.jobs.submit({ request: request() });
    await expect.poll(() => work.begun.length, SOON).toBe(1);
    first.connection.close();
    const second = await server(well);
    await expect.poll(() => statusOf(second.jobs, job), SOON).toBe("succeeded");
    expect((await eventsOf(second.jobs, job.id)).map(({ event }) => event.event)).toEqual([
      ...["job", "job", "image"],
      ...["job", "image", "image", "result", "job"],
    ]);
  });

  it("are in the queue again when only the queue has lost them", async () => {
    const api = await server(well, { running: 0 });
    const job = await api.jobs.submit({ request: request() });
    const keys = await api.connection.commands.keys(`${PREFIX}:jobs:*`);
    const queues = keys.filter((key) => !/unfinished|untold/.test(key));
    await api.connection.commands.del(...queues);
    const worker = await server(well);
    await expect.poll(() => statusOf(worker.jobs, job), SOON).toBe("succeeded");
  });

  it("survive Redis, which is killed and has its data again", async () => {
    const work = gated();
    const { jobs } = await server(work.run);
    const running = await jobs.submit({ request: request() });
    await expect.poll(() => work.begun.length, SOON).toBe(1);
    await redis.kill();
    expect(await code(jobs.submit({ request: request() }))).toBe("store_unavailable");
    expect(await code(jobs.get("key:one", running.id))).toBe("store_unavailable");
    await redis.start(true);
    work.open();
    await expect.poll(() => statusOf(jobs, running).catch(() => ""), SOON).toBe("succeeded");
    const next = await jobs.submit({ request: request({ group: "b".repeat(64) }) });
    await expect.poll(() => statusOf(jobs, next), SOON).toBe("succeeded");
  });

  it("are unknown when Redis has lost its data, and new ones are taken", async () => {
    const work = gated();
    const { jobs } = await server(work.run);
    const lost = await jobs.submit({ request: request() });
    await expect.poll(() => work.begun.length, SOON).toBe(1);
    await redis.kill();
    await redis.start(false);
    await expect.poll(() => statusOf(jobs, lost).catch(() => ""), SOON).toBeUndefined();
    work.open();
    const next = await jobs.submit({ request: request({ group: "b".repeat(64) }) });
    await expect.poll(() => statusOf(jobs, next), SOON).toBe("succeeded");
  });

  it("are refused at once while Redis does not answer", async () => {
    const { jobs } = await server(well);
    await jobs.submit({ request: request() });
    redis.freeze();
    const began = Date.now();
    expect(await code(jobs.submit({ request: request() }))).toBe("store_unavailable");
    expect(await code(jobs.get("key:one", "x"))).toBe("store_unavailable");
    expect(Date.now() - began).toBeLessThan(10_000);
    redis.thaw();
    await expect.poll(() => code(jobs.submit({ request: request() })), SOON).toBe("nothing");
  });

  it("are refused by name when Redis is full, and those that were taken are computed", async () => {
    const work = gated();
    const { jobs, connection } = await server(work.run);
    const taken = await jobs.submit({ request: request() });
    await expect.poll(() => work.begun.length, SOON).toBe(1);
    await connection.commands.config("SET", "maxmemory", "1mb");
    expect(await code(jobs.submit({ request: request() }))).toBe("store_full");
    expect(await connection.state()).toMatchObject({ ready: false, reason: "its memory is full" });
    expect(await statusOf(jobs, taken)).toBe("running");
    await connection.commands.config("SET", "maxmemory", "0");
    work.open();
    await expect.poll(() => statusOf(jobs, taken), SOON).toBe("succeeded");
  });

  describe("have their end told", () => {
    const received: string[] = [];
    let receiver: Server;
    let status = 200;
    beforeEach(async () => {
      received.length = 0;
      status = 200;
      receiver = createServer((incoming, outgoing) => {
        received.push(incoming.headers["webhook-id"] as string);
        outgoing.writeHead(status).end();
      }).listen(0, "127.0.0.1");
      await once(receiver, "listening");
    });
    afterEach(() => receiver.close());
    const webhook = () => `http://127.0.0.1:${(receiver.address() as { port: number }).port}/`;

    it("once, though all servers could", async () => {
      const [one] = await Promise.all([1, 2, 3].map(() => server(well, { webhooks: true })));
      const groups = ["a", "b", "c", "d"].map((name) => name.repeat(64));
      const jobs = await Promise.all(
        groups.map((group) =>
          one!.jobs.submit({ request: request({ group, webhook: webhook() }) }),
        ),
      );
      await expect.poll(() => received.length, SOON).toBe(jobs.length);
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect(received.toSorted()).toEqual(jobs.map(({ id }) => `msg_${id}`).toSorted());
    });

    it("by a server that comes later, when there is none", async () => {
      const api = await server(well, { running: 1 });
      const job = await api.jobs.submit({ request: request({ webhook: webhook() }) });
      await expect.poll(() => statusOf(api.jobs, job), SOON).toBe("succeeded");
      await server(well, { webhooks: true });
      await expect.poll(() => received, SOON).toEqual([`msg_${job.id}`]);
    });
  });
});
