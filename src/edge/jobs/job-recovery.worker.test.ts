import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { jobName } from "./edge-jobs.ts";
import { MAX_ATTEMPTS } from "./job-object.ts";
import {
  eventsOf,
  failNextSend,
  fails,
  jobs,
  names,
  pass,
  request,
  stubOf,
  succeeds,
  take,
  useQueue,
} from "./testing.ts";

const sent = useQueue();

describe("a job", () => {
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

  it("is queued again when its lease expires, but not endlessly", async () => {
    const job = await jobs.submit({ request: request() });
    const stub = stubOf(jobName("", job.id));
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      // An isolate that takes the job and then vanishes.
      expect(await stub.begin(`holder ${attempt}`)).toMatchObject({ attempt });
      await runDurableObjectAlarm(stub);
      expect((await jobs.get("", job.id))?.status).toBe("running");
      pass(70_000);
      await runDurableObjectAlarm(stub);
      const status = attempt < MAX_ATTEMPTS ? "queued" : "failed";
      expect((await jobs.get("", job.id))?.status).toBe(status);
    }
    expect((await jobs.get("", job.id))?.problem?.detail).toMatch(/4 times/);
    expect(sent).toHaveLength(MAX_ATTEMPTS);
    // A former holder no longer changes the job.
    expect(await stub.emit("holder 1", [])).toBe(false);
    await stub.succeed("holder 4");
    expect((await jobs.get("", job.id))?.status).toBe("failed");
  });

  it("is not lost when the queue refuses it", async () => {
    failNextSend();
    const job = await jobs.submit({ request: request() });
    expect([job.status, sent]).toEqual(["queued", []]);
    pass(11 * 60_000);
    await runDurableObjectAlarm(stubOf(jobName("", job.id)));
    expect(sent).toEqual([{ tenant: "", id: job.id }]);
    await take(job, succeeds);
    expect((await jobs.get("", job.id))?.status).toBe("succeeded");
  });

  it("is queued when it is due, once, if it is delayed", async () => {
    const job = await jobs.submit({ request: request({ notBefore: Date.now() + 3_600_000 }) });
    const stub = stubOf(jobName("", job.id));
    pass(59 * 60_000);
    await runDurableObjectAlarm(stub);
    expect(sent).toEqual([]);
    pass(60_000);
    await runDurableObjectAlarm(stub);
    expect(sent).toEqual([{ tenant: "", id: job.id }]);
    await runDurableObjectAlarm(stub);
    expect(sent).toHaveLength(1);
    await take(job, succeeds);
    expect((await jobs.get("", job.id))?.status).toBe("succeeded");
  });

  it("is deleted a month after its end", async () => {
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
