import { appendFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { JobRequest, RunJob } from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { type DiskJobs, diskJobs } from "./disk-jobs.ts";

let path: string;
const opened: DiskJobs[] = [];

async function open(run: RunJob): Promise<DiskJobs> {
  const jobs = await diskJobs({ path, run, retryDelay: 1 });
  opened.push(jobs);
  return jobs;
}

beforeEach(async () => {
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
  const waiting = await first.submit({ request: request("b") });
  await expect.poll(async () => (await first.get("t", id))?.status).toBe("running");
  await first.stop();
  const ran: string[] = [];
  const second = await open(async ({ group }) => void ran.push(group[0]!));
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
  await appendFile(join(path, `${id}.jsonl`), '{"number":4,"eve');
  await writeFile(join(path, `${crypto.randomUUID()}.jsonl`), '{"id":');
  const second = await open(untilAborted);
  expect(await second.get("t", id)).toMatchObject({ status: "succeeded" });
  expect(await readdir(path)).toEqual([`${id}.jsonl`]);
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
