import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DurableObjectNamespace, MessageBatch, Queue } from "@cloudflare/workers-types";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type GroupEvent,
  type Job,
  type JobEvent,
  type JobRequest,
  type RunJob,
  silent,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { consume, type WorkStub } from "./consumer.ts";
import { edgeJobs, type JobStub, jobName } from "./edge-jobs.ts";
import { type JobMessage, MOST_ATTEMPTS } from "./job-object.ts";

const { JOBS, QUEUE } = env as { JOBS: DurableObjectNamespace; QUEUE: Queue };
const stubOf = (name: string) => JOBS.get(JOBS.idFromName(name)) as unknown as JobStub & WorkStub;
const jobs = edgeJobs(stubOf);
const signal = new AbortController().signal;

let requests = 0;

function request(more: Partial<JobRequest> = {}): JobRequest {
  const images = ["a", "b"].map((id) => ({ id, sha256: id.repeat(64) }));
  return {
    tenant: "",
    group: (++requests).toString(16).padStart(64, "0"),
    model: { name: "m", digest: "d" },
    images,
    seeds: [],
    onError: "fail",
    backend: "auto",
    presentation: "",
    request: "request-1",
    ...more,
  };
}

const image = (id: string) => ({ event: "image", data: { id } }) as unknown as GroupEvent;

/** Gives the queue's message of a job to the consumer, as the runtime does. */
async function take(job: Job, run: RunJob, { tenant = "", queue = "cosal-jobs" } = {}) {
  const outcome = { acknowledged: 0, retries: [] as (number | undefined)[] };
  const message = {
    id: "message",
    body: { tenant, id: job.id },
    ack: () => outcome.acknowledged++,
    retry: ({ delaySeconds }: { delaySeconds?: number } = {}) => outcome.retries.push(delaySeconds),
  };
  const parts = {
    stubOf: ({ tenant, id }: JobMessage) => stubOf(jobName(tenant, id)),
    run,
    log: silent,
  };
  const batch = { queue, messages: [message] } as unknown as MessageBatch<JobMessage>;
  await consume(batch, parts);
  return outcome;
}

async function eventsOf(job: Job, after = 0): Promise<JobEvent[]> {
  const events = await jobs.events("", job.id, after, signal);
  return Array.fromAsync(events ?? []);
}

const names = (events: JobEvent[]) =>
  events.map(({ event }) => (event.event === "job" ? event.data.status : event.event));

const succeeds: RunJob = async (_, { onEvent }) => {
  onEvent(image("a"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  onEvent(image("b"));
};
const fails: RunJob = () => Promise.reject(new CosalError("backend_unavailable", "no GPU"));
const isBroken: RunJob = () => Promise.reject(new CosalError("image_undecodable", "broken"));

function pass(milliseconds: number): void {
  const now = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(now + milliseconds);
}

/** Messages for the queue, which this suite takes to the consumer itself. */
let sent: JobMessage[] = [];

beforeEach(() => {
  sent = [];
  vi.spyOn(Object.getPrototypeOf(QUEUE), "send").mockImplementation(async (message) => {
    sent.push(message as JobMessage);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a job", () => {
  it("goes from queued to succeeded, and tells each step once, numbered", async () => {
    const job = await jobs.submit({ request: request() });
    expect(job).toMatchObject({ status: "queued", attempts: 0, done: 0, total: 2 });
    expect(sent).toEqual([{ tenant: "", id: job.id }]);
    expect(await take(job, succeeds)).toEqual({ acknowledged: 1, retries: [] });
    const events = await eventsOf(job);
    expect(names(events)).toEqual(["queued", "running", "image", "image", "succeeded"]);
    expect(events.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    expect(names(await eventsOf(job, 3))).toEqual(["image", "succeeded"]);
    expect(await jobs.get("", job.id)).toMatchObject({ status: "succeeded", done: 2, attempts: 1 });
  });

  it("is followed while it runs", async () => {
    const job = await jobs.submit({ request: request() });
    const following = eventsOf(job);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await take(job, succeeds);
    expect(names(await following)).toEqual(["queued", "running", "image", "image", "succeeded"]);
  });

  it("belongs to its tenant", async () => {
    const job = await jobs.submit({ request: request({ tenant: "mine" }) });
    expect(await jobs.get("mine", job.id)).toMatchObject({ id: job.id });
    for (const tenant of ["", "other"]) {
      expect(await jobs.get(tenant, job.id)).toBeUndefined();
      expect(await jobs.events(tenant, job.id, 0, signal)).toBeUndefined();
      expect(await jobs.cancel(tenant, job.id)).toBeUndefined();
    }
    expect((await jobs.get("mine", job.id))?.status).toBe("queued");
  });

  it("is the same for the same idempotency key, of one tenant and one request", async () => {
    const own = request();
    const submit = (more: Partial<JobRequest>, idempotencyKey = "key") =>
      jobs.submit({ request: { ...own, ...more }, idempotencyKey });
    const first = await submit({});
    expect((await submit({ request: "request-2" })).id).toBe(first.id);
    expect((await submit({}, "key 2")).id).not.toBe(first.id);
    expect((await submit({ tenant: "other" })).id).not.toBe(first.id);
    await expect(submit({ group: "f".repeat(64) })).rejects.toMatchObject({
      code: "idempotency_mismatch",
    });
  });

  it("is tried again after a failure, later each time, and ends with the reason", async () => {
    const job = await jobs.submit({ request: request() });
    for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
      const { acknowledged, retries } = await take(job, fails);
      expect([acknowledged, retries]).toEqual([0, [10 * 2 ** (attempt - 1)]]);
      expect(await jobs.get("", job.id)).toMatchObject({ status: "queued", attempts: attempt });
    }
    expect(await take(job, fails)).toEqual({ acknowledged: 1, retries: [] });
    expect(await jobs.get("", job.id)).toMatchObject({
      status: "failed",
      attempts: MOST_ATTEMPTS,
      problem: { code: "backend_unavailable" },
    });
  });

  it("succeeds after a failure, and is not tried again when that is in vain", async () => {
    const recovers = await jobs.submit({ request: request() });
    await take(recovers, fails);
    await take(recovers, succeeds);
    expect(await jobs.get("", recovers.id)).toMatchObject({
      status: "succeeded",
      attempts: 2,
      done: 2,
    });
    const broken = await jobs.submit({ request: request() });
    expect(await take(broken, isBroken)).toEqual({ acknowledged: 1, retries: [] });
    expect(await jobs.get("", broken.id)).toMatchObject({ status: "failed", attempts: 1 });
    expect(names(await eventsOf(broken))).toEqual(["queued", "running", "error", "failed"]);
  });

  it("that the queue gave up ends with a reason", async () => {
    const job = await jobs.submit({ request: request() });
    const dead = { queue: "cosal-jobs-dead" };
    expect(await take(job, fails, dead)).toEqual({ acknowledged: 1, retries: [] });
    expect(await jobs.get("", job.id)).toMatchObject({
      status: "failed",
      problem: { code: "backend_unavailable", status: 503 },
    });
    await take(job, succeeds, dead);
    expect((await jobs.get("", job.id))?.status).toBe("failed");
  });

  it("is computed by one at a time, whatever the queue delivers twice", async () => {
    const job = await jobs.submit({ request: request() });
    const running = Promise.withResolvers<void>();
    const first = take(job, () => running.promise);
    await vi.waitFor(async () => expect((await jobs.get("", job.id))?.status).toBe("running"));
    const second = vi.fn(succeeds);
    expect(await take(job, second)).toEqual({ acknowledged: 1, retries: [] });
    expect(second).not.toHaveBeenCalled();
    running.resolve();
    await first;
    expect(await jobs.get("", job.id)).toMatchObject({ status: "succeeded", attempts: 1 });
    await take(job, second);
    expect(second).not.toHaveBeenCalled();
  });

  it("stops when it is cancelled", async () => {
    const job = await jobs.submit({ request: request() });
    let isStopped = false;
    const work = take(job, async (_, { signal, onEvent }) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve());
        const timer = setInterval(() => onEvent(image("a")), 5);
        signal.addEventListener("abort", () => clearInterval(timer));
      });
      isStopped = true;
      throw signal.reason;
    });
    await vi.waitFor(async () => expect((await jobs.get("", job.id))?.done).toBe(2));
    expect((await jobs.cancel("", job.id))?.status).toBe("cancelled");
    expect((await work).acknowledged).toBe(1);
    expect(isStopped).toBe(true);
    expect((await jobs.get("", job.id))?.status).toBe("cancelled");
    expect(names(await eventsOf(job)).at(-1)).toBe("cancelled");
  });

  it("survives a restart of its object", async () => {
    const job = await jobs.submit({ request: request() });
    const stub = stubOf(jobName("", job.id));
    await evictDurableObject(stub);
    await take(job, fails);
    await evictDurableObject(stub);
    await take(job, succeeds);
    await evictDurableObject(stub);
    expect(await jobs.get("", job.id)).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(names(await eventsOf(job))).toEqual([
      ...["queued", "running", "queued", "running", "image", "image", "succeeded"],
    ]);
  });

  it("goes back into the queue when who computed it went silent, not for ever", async () => {
    const job = await jobs.submit({ request: request() });
    const stub = stubOf(jobName("", job.id));
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      // An isolate that is gone: it takes the job, and is never heard of again.
      expect(await stub.begin(`holder ${attempt}`)).toMatchObject({ attempt });
      await runDurableObjectAlarm(stub);
      expect((await jobs.get("", job.id))?.status).toBe("running");
      pass(70_000);
      await runDurableObjectAlarm(stub);
      const status = attempt < MOST_ATTEMPTS ? "queued" : "failed";
      expect((await jobs.get("", job.id))?.status).toBe(status);
    }
    expect((await jobs.get("", job.id))?.problem?.detail).toMatch(/4 times/);
    expect(sent).toHaveLength(MOST_ATTEMPTS);
    // Whoever comes back late changes nothing.
    expect(await stub.tell("holder 1", [])).toBe(false);
    await stub.succeed("holder 4");
    expect((await jobs.get("", job.id))?.status).toBe("failed");
  });

  it("is not lost when it does not get into the queue", async () => {
    vi.spyOn(Object.getPrototypeOf(QUEUE), "send").mockRejectedValueOnce(new Error("queue down"));
    const job = await jobs.submit({ request: request() });
    expect([job.status, sent]).toEqual(["queued", []]);
    pass(11 * 60_000);
    await runDurableObjectAlarm(stubOf(jobName("", job.id)));
    expect(sent).toEqual([{ tenant: "", id: job.id }]);
    await take(job, succeeds);
    expect((await jobs.get("", job.id))?.status).toBe("succeeded");
  });

  it("is forgotten a month after its end", async () => {
    const job = await jobs.submit({ request: request() });
    await take(job, succeeds);
    const stub = stubOf(jobName("", job.id));
    await runDurableObjectAlarm(stub);
    expect(await jobs.get("", job.id)).toBeDefined();
    pass(31 * 24 * 3_600_000);
    await runDurableObjectAlarm(stub);
    await evictDurableObject(stub);
    expect(await jobs.get("", job.id)).toBeUndefined();
  });
});

describe("a job's webhook", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const webhook = "https://hooks.example/cosal";

  function receiver(...statuses: number[]) {
    const received: { url: string; method: string; headers: Headers; body: string }[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init = {}) => {
      const { method = "GET", body } = init;
      const headers = new Headers(init.headers as Record<string, string>);
      received.push({ url: String(url), method, headers, body: String(body) });
      return new Response(null, { status: statuses.shift() ?? 200 });
    });
    return received;
  }

  async function ended(run = succeeds) {
    const job = await jobs.submit({ request: request({ webhook }) });
    await take(job, run);
    return { job, stub: stubOf(jobName("", job.id)) };
  }

  it("tells the end, signed as Standard Webhooks says", async () => {
    const received = receiver(204);
    const { job, stub } = await ended();
    await vi.waitFor(() => expect(received).toHaveLength(1));
    await runDurableObjectAlarm(stub);
    expect(received).toHaveLength(1);
    const delivery = received[0]!;
    expect([delivery.method, delivery.url]).toEqual(["POST", webhook]);
    const headers = Object.fromEntries(delivery.headers);
    expect(new Webhook(secret).verify(delivery.body, headers)).toMatchObject({
      type: "job.succeeded",
      data: { id: job.id, status: "succeeded" },
    });
    expect(headers["webhook-id"]).toBe(`msg_${job.id}`);
    expect(() => new Webhook(btoa("another secret")).verify("{}", headers)).toThrow();
  });

  it("tells failures too", async () => {
    const received = receiver();
    await ended(isBroken);
    await vi.waitFor(() => expect(received).toHaveLength(1));
    expect(JSON.parse(received[0]!.body)).toMatchObject({
      type: "job.failed",
      data: { problem: { code: "image_undecodable" } },
    });
  });

  it("is tried again until it is taken, later each time, and under one id", async () => {
    const received = receiver(500, 302, 503, 200);
    const { stub } = await ended();
    await vi.waitFor(() => expect(received).toHaveLength(1));
    for (const pause of [5, 30, 120]) {
      const count = received.length;
      await runDurableObjectAlarm(stub);
      expect(received).toHaveLength(count);
      pass(1000 * pause + 1);
      await runDurableObjectAlarm(stub);
      expect(received).toHaveLength(count + 1);
    }
    expect(new Set(received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    pass(100_000_000);
    await runDurableObjectAlarm(stub);
    expect(received).toHaveLength(4);
  });

  it("is not sent to a receiver that is gone", async () => {
    const received = receiver(410);
    const { stub } = await ended();
    await vi.waitFor(() => expect(received).toHaveLength(1));
    pass(100_000);
    await runDurableObjectAlarm(stub);
    expect(received).toHaveLength(1);
  });
});
