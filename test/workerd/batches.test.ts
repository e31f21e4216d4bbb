import { env } from "cloudflare:workers";
import type { R2Bucket } from "@cloudflare/workers-types";
import { describe, expect, it, vi } from "vitest";
import type { BatchBody, BatchResultBody } from "../../src/app/schemas/batch.ts";
import { BatchObject } from "../../src/edge/batches/batch-object.ts";
import type { Env } from "../../src/edge/env.ts";
import { sha256 } from "../../src/group/index.ts";
import { events } from "../app-client.ts";
import { problem } from "../responses.ts";
import { loadWorker, newGroup, request, workerWith } from "./client.ts";

loadWorker();

const { BATCH_BUCKET } = env as { BATCH_BUCKET: R2Bucket };

/** Stores groups of two photographs; lines of a manifest that name them. */
async function linesOf(groups: readonly string[]) {
  const lines: { id: string; sha256: string; group: string }[] = [];
  for (const group of groups) {
    for (const [name, bytes] of newGroup()) {
      const body = bytes as Uint8Array<ArrayBuffer>;
      const digest = await sha256(body);
      await request(`/v1/images/${digest}`, { method: "PUT", body });
      lines.push({ id: `${group}/${name}`, sha256: digest, group });
    }
  }
  return lines;
}

/** Puts groups of two photographs into folders of the bucket. */
async function fill(...folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (const [name, bytes] of newGroup()) {
      await BATCH_BUCKET.put(`${folder}/${name}`, bytes as Uint8Array<ArrayBuffer>);
    }
  }
}

async function create(lines: readonly unknown[], query = ""): Promise<BatchBody> {
  const response = await request(`/v1/batches${query}`, {
    method: "POST",
    headers: { "content-type": "application/jsonl" },
    ...(lines.length > 0 && { body: lines.map((line) => JSON.stringify(line)).join("\n") }),
  });
  expect(response.status).toBe(202);
  return (await response.json()) as BatchBody;
}

const stateOf = async ({ links }: BatchBody) =>
  (await (await request(links.self)).json()) as BatchBody;

async function until(batch: BatchBody, status: BatchBody["status"]): Promise<BatchBody> {
  await vi.waitFor(async () => expect((await stateOf(batch)).status).toBe(status), {
    timeout: 60_000,
    interval: 100,
  });
  return stateOf(batch);
}

async function act({ links }: BatchBody, action: string): Promise<BatchBody> {
  const response = await request(`${links.self}/${action}`, { method: "POST" });
  return (await response.json()) as BatchBody;
}

async function resultsOf({ links }: BatchBody, query = ""): Promise<BatchResultBody[]> {
  const text = await (await request(`${links.results}${query}`)).text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as BatchResultBody);
}

describe("a batch, over a workflow", () => {
  it("is computed, and has one result for each line, in its order", async () => {
    const lines = await linesOf(["a", "b"]);
    const batch = await create(lines, "?formats=png,rle");
    const end = await until(batch, "completed");
    expect(end.counts).toEqual({ total: 4, pending: 0, running: 0, succeeded: 4, failed: 0 });
    const results = await resultsOf(batch);
    expect(results.map(({ line, id }) => [line, id])).toEqual(
      lines.map(({ id }, i) => [i + 1, id]),
    );
    for (const { files } of results) {
      expect((await request(files!.png!.url)).status).toBe(200);
    }
  });

  it("computes nothing twice when a step is repeated by the runtime", async () => {
    const settle = vi.spyOn(BatchObject.prototype, "settle").mockImplementationOnce(() => {
      throw new Error("the isolate has ended");
    });
    const report = vi.spyOn(BatchObject.prototype, "report");
    const lines = await linesOf(["a", "b"]);
    const batch = await create(lines, "?parallelism=1");
    const end = await until(batch, "completed");
    expect(end.counts).toMatchObject({ total: 4, succeeded: 4, failed: 0 });
    expect(settle.mock.calls.length).toBeGreaterThan(1);
    const reported = report.mock.calls.flatMap(([results]) => results.map(({ line }) => line));
    expect(reported).toEqual([1, 2, 3, 4]);
    expect((await resultsOf(batch, "?order=done")).map(({ line }) => line)).toEqual([1, 2, 3, 4]);
    vi.restoreAllMocks();
  });

  it("tells its events, and those after one", async () => {
    const { links } = await create(await linesOf(["a"]));
    const all = await events(await request(links.events));
    expect(all.at(-1)).toMatchObject({ event: "batch", data: { status: "completed" } });
    const told = all.filter(({ event }) => event === "result");
    expect(told.map(({ data }) => data.line)).toEqual([1, 2]);
    const headers = { "last-event-id": told[0]!.id! };
    const rest = await events(await request(links.events, { headers }));
    expect(rest.filter(({ event }) => event === "result")).toEqual(told.slice(1));
    const unknown = await request(links.events, { headers: { "last-event-id": "99" } });
    expect((await problem(unknown)).code).toBe("option_invalid");
  });

  it("is paused, and goes on", async () => {
    const batch = await create(await linesOf(["a", "b", "c"]), "?parallelism=1");
    expect(await act(batch, "pause")).toMatchObject({ status: "paused" });
    await vi.waitFor(async () => expect((await stateOf(batch)).counts.running).toBe(0), 30_000);
    const { counts } = await stateOf(batch);
    expect(counts.pending).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await stateOf(batch)).counts).toEqual(counts);
    expect(await act(batch, "resume")).toMatchObject({ status: "running" });
    expect((await until(batch, "completed")).counts.succeeded).toBe(6);
  });

  it("is cancelled, and deleted", async () => {
    const batch = await create(await linesOf(["a", "b", "c"]), "?parallelism=1");
    expect(await act(batch, "cancel")).toMatchObject({ status: "cancelled" });
    expect(await act(batch, "resume")).toMatchObject({ status: "cancelled" });
    expect((await request(batch.links.self, { method: "DELETE" })).status).toBe(204);
    for (const path of Object.values(batch.links)) expect((await request(path)).status).toBe(404);
  });
});

describe("a batch from the bucket to the bucket", () => {
  it("masks each folder below a prefix, and writes files and results", async () => {
    await fill("shop/a", "shop/b/c");
    await BATCH_BUCKET.put("shop/notes.txt", "no photograph");
    const query = "?source=shop/&destination=masks/&formats=png,cutout";
    const batch = await create([], query);
    const end = await until(batch, "completed");
    expect(end.counts).toMatchObject({ total: 4, succeeded: 4 });
    const results = await resultsOf(batch);
    expect(results.map(({ key }) => key)).toEqual([
      ...["shop/a/bin.jpg", "shop/a/bowls.jpg"],
      ...["shop/b/c/bin.jpg", "shop/b/c/bowls.jpg"],
    ]);
    expect(results[0]!.keys).toEqual({
      png: "masks/a/bin.jpg.png",
      cutout: "masks/a/bin.jpg.cutout.png",
    });
    for (const key of results.flatMap(({ keys }) => Object.values(keys ?? {}))) {
      const file = new Uint8Array(await (await BATCH_BUCKET.get(key))!.arrayBuffer());
      expect(file.slice(1, 4)).toEqual(new TextEncoder().encode("PNG"));
    }
    const written = await (await BATCH_BUCKET.get(end.results_key!))!.text();
    expect(written).toBe(await (await request(batch.links.results)).text());
  });

  it("reads its manifest there, and tries again what failed", async () => {
    await fill("list");
    const keys = ["list/bin.jpg", "list/bowls.jpg", "list/later.jpg"];
    const lines = keys.map((key) => JSON.stringify({ key, group: key === keys[2] ? "b" : "a" }));
    await BATCH_BUCKET.put("lists/1.jsonl", lines.join("\n"));
    const batch = await create([], "?manifest=lists/1.jsonl");
    const end = await until(batch, "completed");
    expect([end.counts.succeeded, end.failures]).toEqual([2, { not_found: 1 }]);
    const [[, bytes]] = newGroup() as [[string, Uint8Array<ArrayBuffer>]];
    await BATCH_BUCKET.put(keys[2]!, bytes);
    expect(await act(batch, "retry")).toMatchObject({ status: "running", counts: { failed: 0 } });
    expect((await until(batch, "completed")).counts).toMatchObject({ succeeded: 3, failed: 0 });
  });
});

describe("a Worker", () => {
  it("tells how much a batch may have", async () => {
    const limits = await (await request("/v1/limits")).json();
    expect(limits).toMatchObject({ batches: { lines: 1_000_000, parallelism: 4 } });
  });

  it("without the bindings for batches has none", async () => {
    const send = workerWith({ ...(env as Env), BATCHES: undefined });
    const headers = { "content-type": "application/jsonl" };
    const response = await send("/v1/batches", { method: "POST", headers, body: "{}" });
    expect((await problem(response)).code).toBe("not_found");
    expect(await (await send("/v1/limits")).json()).not.toHaveProperty("batches");
  });
});
