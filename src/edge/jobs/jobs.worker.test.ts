import { describe, expect, it, vi } from "vitest";
import type { JobRequest } from "../../app/index.ts";
import { MAX_ATTEMPTS } from "./job-object.ts";
import {
  eventsOf,
  fails,
  image,
  isBroken,
  jobs,
  names,
  request,
  signal,
  succeeds,
  take,
  useQueue,
} from "./testing.ts";

const sent = useQueue();

describe("a job", () => {
  it("goes from queued to succeeded, and emits each step once, numbered", async () => {
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

  it("emits events while it runs", async () => {
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

  it("is retried with growing delays after a failure, and ends with the reason", async () => {
    const job = await jobs.submit({ request: request() });
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
      const { acknowledged, retries } = await take(job, fails);
      expect([acknowledged, retries]).toEqual([0, [10 * 2 ** (attempt - 1)]]);
      expect(await jobs.get("", job.id)).toMatchObject({ status: "queued", attempts: attempt });
    }
    expect(await take(job, fails)).toEqual({ acknowledged: 1, retries: [] });
    expect(await jobs.get("", job.id)).toMatchObject({
      status: "failed",
      attempts: MAX_ATTEMPTS,
      problem: { code: "backend_unavailable" },
    });
  });

  it("succeeds after a failure, and is not retried when the request is at fault", async () => {
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

  it("ends with a reason when the queue gives up", async () => {
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

  it("is computed by one worker at a time, even if the queue delivers it twice", async () => {
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
});
