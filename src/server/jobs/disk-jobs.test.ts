import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { JobRequest, RunJob } from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { type DiskJobs, diskJobs } from "./disk-jobs.ts";

let path: string;
const opened: DiskJobs[] = [];
const faults: string[] = [];

async function open(run: RunJob, bytes = 1e6, running?: number): Promise<DiskJobs> {
  const onFault = (fault: string) => faults.push(fault);
  const jobs = await diskJobs({ path, run, bytes, onFault, running, retryDelay: 1 });
  opened.push(jobs);
  return jobs;
}

beforeEach(async () => {
  faults.length = 0;
  path = await mkdtemp(join(tmpdir(), "cosal-jobs-"));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((jobs) => jobs.stop()));
  await rm(path, { recursive: true });
});

const request = (group = "a", tenant = "t"): JobRequest => ({
  tenant,
  group: group.repeat(64),
  model: { name: "fake", digest: "f".repeat(64) },
  images: [
    { id: "x", sha256: "1".repeat(64) },
    { id: "y", sha256: "2".repeat(64) },
  ],
  seeds: [],
  onError: "fail",
  backend: "auto",
  presentation: "",
  request: "r",
});

const fileOf = (id: string) => join(path, `${id}.journal`);
const progress = (done: number) =>
  ({ event: "progress", data: { stage: "encoded", done, total: 2 } }) as const;
const forever = new AbortController().signal;
const untilAborted: RunJob = (_, { signal, onEvent }) =>
  new Promise((_, reject) => {
    onEvent(progress(1));
    signal.addEventListener("abort", () => reject(signal.reason));
  });

async function eventNames(jobs: DiskJobs, id: string, after = 0): Promise<string[]> {
  const events = await jobs.events("t", id, after, forever);
  return (await Array.fromAsync(events!)).map(({ number, event }) =>
    event.event === "job" ? `${number} ${event.data.status}` : `${number} ${event.event}`,
  );
}

it("runs a job and tells what happens, again and from any place", async () => {
  const jobs = await open(async (_, { onEvent }) => onEvent(progress(1)));
  const { id, status } = await jobs.submit({ request: request() });
  expect(status).toBe("queued");
  expect(await eventNames(jobs, id)).toEqual([
    "1 queued",
    "2 running",
    "3 progress",
    "4 succeeded",
  ]);
  expect(await eventNames(jobs, id, 2)).toEqual(["3 progress", "4 succeeded"]);
  expect(await jobs.get("t", id)).toMatchObject({ status: "succeeded", attempts: 1, done: 2 });
  expect(await jobs.get("another", id)).toBeUndefined();
});

it("goes on after a restart where it was, with what was told before", async () => {
  const first = await open(untilAborted);
  const { id } = await first.submit({ request: request() });
  // Jobs go on in the order of their times, which have milliseconds, and begin one after the other.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const waiting = await first.submit({ request: request("b") });
  await expect.poll(async () => (await first.get("t", id))?.status).toBe("running");
  await first.stop();
  const ran: string[] = [];
  const second = await open(async ({ group }) => void ran.push(group[0]!), 1e6, 1);
  expect(await eventNames(second, id)).toEqual([
    "1 queued",
    "2 running",
    "3 progress",
    "4 running",
    "5 succeeded",
  ]);
  await eventNames(second, waiting.id);
  expect(ran).toEqual(["a", "b"]);
  expect(await second.get("t", id)).toMatchObject({ status: "succeeded", attempts: 2 });
  const third = await open(untilAborted);
  expect(await third.get("t", id)).toMatchObject({ status: "succeeded" });
});

it("reads a file that broke off as far as it goes, and drops one that says nothing", async () => {
  const first = await open(async () => {});
  const { id } = await first.submit({ request: request() });
  await eventNames(first, id);
  await first.stop();
  await appendFile(fileOf(id), '12345678 {"number":4,"eve');
  await writeFile(fileOf(crypto.randomUUID()), '12345678 {"id":');
  const second = await open(untilAborted);
  expect(await second.get("t", id)).toMatchObject({ status: "succeeded" });
  expect(await readdir(path)).toEqual([`${id}.journal`]);
  expect(faults.toSorted()).toEqual(["damaged", "torn"]);
});

it("keeps a job over any number of restarts that each tear its last line", async () => {
  const first = await open(untilAborted);
  const { id } = await first.submit({ request: request() });
  await expect.poll(async () => (await first.get("t", id))?.status).toBe("running");
  await first.stop();
  for (let life = 0; life < 2; life++) {
    const file = await readFile(fileOf(id));
    await writeFile(fileOf(id), file.subarray(0, file.length - 5));
    const next = await open(untilAborted);
    await expect.poll(async () => (await next.get("t", id))?.status).toBe("running");
    await next.stop();
  }
  const last = await open(async () => {});
  expect((await eventNames(last, id)).at(-1)).toMatch(/succeeded$/);
  expect(faults).toEqual(["torn", "torn"]);
});

it("tells what it told before, as far as it can be read, wherever a file is damaged", async () => {
  const first = await open(async (_, { onEvent }) => {
    for (let done = 0; done < 3; done++) onEvent(progress(done));
  });
  const { id } = await first.submit({ request: request() });
  const all = await eventNames(first, id);
  await first.stop();
  const whole = await readFile(fileOf(id));
  const end = whole.indexOf("\n") + 1;
  const place = fc.integer({ min: end, max: whole.length - 1 });
  await fc.assert(
    fc.asyncProperty(place, fc.constantFrom("cut", "zeros", "bit"), async (at, kind) => {
      const damaged = Uint8Array.from(kind === "cut" ? whole.subarray(0, at) : whole);
      if (kind === "zeros") damaged.fill(0, at, at + 40);
      if (kind === "bit") damaged[at]! ^= 1;
      await writeFile(fileOf(id), damaged);
      const next = await open(untilAborted);
      const state = await next.get("t", id);
      expect(state?.total).toBe(2);
      const events = await Array.fromAsync(
        (await next.events("t", id, 0, AbortSignal.timeout(20)))!,
      );
      expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1));
      await next.stop();
      const reread = await open(untilAborted);
      expect(await reread.get("t", id)).toBeDefined();
      await reread.stop();
    }),
    { numRuns: 25 },
  );
  expect(all).toHaveLength(6);
});

it("promises nothing that it cannot write down", async () => {
  const jobs = await open(async () => {});
  await rm(path, { recursive: true });
  await writeFile(path, "");
  const submission = { request: request(), idempotencyKey: "key" };
  const outcomes = await Promise.allSettled([jobs.submit(submission), jobs.submit(submission)]);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "store_unavailable" } });
  }
  await rm(path);
  await mkdir(path);
  const { id } = await jobs.submit(submission);
  expect((await jobs.submit(submission)).id).toBe(id);
  expect((await eventNames(jobs, id)).at(-1)).toBe("3 succeeded");
});

it("writes what the disk did not take with the next that it does", async () => {
  const release = Promise.withResolvers<void>();
  const jobs = await open(async (_, { onEvent }) => {
    onEvent(progress(1));
    await release.promise;
    onEvent(progress(2));
  });
  const { id } = await jobs.submit({ request: request() });
  await expect.poll(async () => (await readFile(fileOf(id), "utf8")).split("\n").length).toBe(5);
  await rename(fileOf(id), `${fileOf(id)}.away`);
  const [cancelled] = await Promise.all([jobs.cancel("t", id)]);
  expect(cancelled?.status).toBe("cancelled");
  expect(faults).toContain("write");
  await rename(`${fileOf(id)}.away`, fileOf(id));
  await jobs.cancel("t", id);
  release.resolve();
  await jobs.stop();
  const next = await open(untilAborted);
  expect(await next.get("t", id)).toMatchObject({ status: "cancelled" });
});

it("takes jobs within its bytes, and no more than half of them of one tenant", async () => {
  const seeds = [{ image: "x", rle: { size: [1, 1], counts: "x".repeat(1000) } }];
  const jobs = await open(untilAborted, 20_000);
  const submit = (tenant: string) => jobs.submit({ request: { ...request("a", tenant), seeds } });
  const many = async (tenant: string) => {
    let taken = 0;
    try {
      for (; ; taken++) await submit(tenant);
    } catch (error) {
      expect(error).toMatchObject({ code: "backend_unavailable", retryAfter: 60 });
      return taken;
    }
  };
  const first = await many("t");
  expect(first).toBeGreaterThan(3);
  expect(jobs.size).toBeLessThan(12_000);
  expect(Math.abs((await many("u")) - first)).toBeLessThan(3);
  expect(await many("v")).toBeLessThan(2);
  // Jobs that have just begun still write to their journals.
  await vi.waitFor(async () => {
    const files = await Promise.all((await readdir(path)).map((name) => stat(join(path, name))));
    expect(jobs.size).toBe(files.reduce((sum, { size }) => sum + size, 0));
  });
});

it("forgets those that have ended, of who has most, before it refuses one", async () => {
  const jobs = await open(async () => {}, 20_000);
  const quiet = await jobs.submit({ request: request("a", "quiet") });
  const loud: string[] = [];
  for (let i = 0; i < 40; i++) {
    const { id } = await jobs.submit({ request: request("b", "t") });
    loud.push(id);
    await eventNames(jobs, id);
  }
  expect(jobs.size).toBeLessThanOrEqual(20_000);
  expect(await jobs.get("t", loud[0]!)).toBeUndefined();
  expect(await jobs.get("t", loud.at(-1)!)).toBeDefined();
  expect(await jobs.get("quiet", quiet.id)).toMatchObject({ status: "succeeded" });
});

it("tries again what failed for no fault of its own, a few times", async () => {
  let runs = 0;
  const jobs = await open(async () => {
    runs++;
    throw new CosalError("backend_unavailable", "busy");
  });
  const { id } = await jobs.submit({ request: request() });
  expect((await eventNames(jobs, id)).at(-1)).toMatch(/failed$/);
  expect(runs).toBe(4);
  expect(await jobs.get("t", id)).toMatchObject({
    attempts: 4,
    problem: { code: "backend_unavailable" },
  });
});

it("does not try again what is the caller's fault", async () => {
  const jobs = await open(async () => {
    throw new CosalError("image_undecodable", "broken");
  });
  const { id } = await jobs.submit({ request: request() });
  expect(await eventNames(jobs, id)).toEqual(["1 queued", "2 running", "3 error", "4 failed"]);
});

it("gives up a job that ends the process each time", async () => {
  const first = await open(untilAborted);
  const { id } = await first.submit({ request: request() });
  await first.stop();
  for (let life = 0; life < 3; life++) await (await open(untilAborted)).stop();
  const last = await open(untilAborted);
  expect(await last.get("t", id)).toMatchObject({ status: "failed", attempts: 4 });
});

it("takes the same Idempotency-Key for the same job, over a restart too", async () => {
  const first = await open(async () => {});
  const submission = { request: request(), idempotencyKey: "key" };
  const { id } = await first.submit(submission);
  expect((await first.submit(submission)).id).toBe(id);
  await eventNames(first, id);
  await first.stop();
  const second = await open(async () => {});
  expect((await second.submit(submission)).id).toBe(id);
  await expect(
    second.submit({ request: request("b"), idempotencyKey: "key" }),
  ).rejects.toMatchObject({ code: "idempotency_mismatch" });
  const other = await second.submit({ request: request("b", "other"), idempotencyKey: "key" });
  expect(other.id).not.toBe(id);
});

it("ends a job that is cancelled, waiting or running", async () => {
  const jobs = await open(untilAborted);
  const all = await Promise.all(
    [..."abcdef"].map((group) => jobs.submit({ request: request(group) })),
  );
  for (const { id } of all) {
    expect(await jobs.cancel("t", id)).toMatchObject({ status: "cancelled" });
    expect((await eventNames(jobs, id)).at(-1)).toMatch(/cancelled$/);
  }
  expect(await jobs.cancel("other", all[0]!.id)).toBeUndefined();
});

it("starts the more urgent jobs first, also after a restart", async () => {
  const first = await open(untilAborted, 1e6, 1);
  const submit = (group: string, urgency?: number) =>
    first.submit({ request: { ...request(group), ...(urgency !== undefined && { urgency }) } });
  await submit("a");
  await submit("b", 7);
  await submit("c", 5);
  await submit("d");
  await submit("e", 5);
  await first.stop();
  const ran: string[] = [];
  await open(async ({ group }) => void ran.push(group[0]!), 1e6, 1);
  await expect.poll(() => ran.length).toBe(5);
  expect(ran).toEqual(["a", "d", "c", "e", "b"]);
});

it("starts a delayed job when it is due, also after a restart, and others before", async () => {
  const ran: string[] = [];
  const run: RunJob = async ({ group }) => void ran.push(group[0]!);
  const first = await open(run, 1e6, 1);
  const notBefore = Date.now() + 300;
  const delayed = await first.submit({ request: { ...request("a"), notBefore } });
  const cancelled = await first.submit({ request: { ...request("b"), notBefore } });
  await first.submit({ request: request("c") });
  await expect.poll(() => ran).toEqual(["c"]);
  expect(await first.get("t", delayed.id)).toMatchObject({ status: "queued", attempts: 0 });
  await first.cancel("t", cancelled.id);
  await first.stop();
  const second = await open(run, 1e6, 1);
  await eventNames(second, delayed.id);
  expect(Date.now()).toBeGreaterThanOrEqual(notBefore);
  expect(ran).toEqual(["c", "a"]);
});
