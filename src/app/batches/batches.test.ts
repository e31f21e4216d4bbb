import { describe, expect, it } from "vitest";
import { events, group, problem } from "../../../test/app-client.ts";
import { gate, withBatches } from "../../../test/batches.ts";
import { FAKE_LIMITS } from "../../../test/fakes.ts";
import { CosalError } from "../../errors.ts";
import type { BatchBody } from "../schemas/batch.ts";
import { memoryBatchStorage } from "./memory-storage.ts";
import type { LineResult, RunUnit } from "./types.ts";
import { MAX_UNIT_ATTEMPTS } from "./unit-runner.ts";

describe("a manifest of groups", () => {
  it("is computed group by group, and has one result for each line, in its order", async () => {
    const { create, lines, accepted, until, results, request } = await withBatches();
    const manifest = await lines({ a: ["image slow 1", "image 2"], b: ["image 3", "image 4"] });
    const batch = await accepted(await create(manifest, "?formats=png,rle,cutout&threshold=0.3"));
    expect(batch).toMatchObject({ status: "running", counts: { total: 4, failed: 0 } });
    const end = await until(batch, "completed");
    expect(end.counts).toEqual({ total: 4, pending: 0, running: 0, succeeded: 4, failed: 0 });
    expect(end.cost).toEqual({ amount: end.compute_milliseconds / 1000, currency: "EUR" });
    expect(end.compute_milliseconds).toBeGreaterThan(50);
    const found = await results(batch);
    expect(found.map(({ line, id, group }) => [line, id, group])).toEqual(
      manifest.map(({ id, group }, i) => [i + 1, id, group]),
    );
    expect(found[0]).toMatchObject({ status: "succeeded", coverage: 0.25 });
    expect(Object.keys(found[0]?.files ?? {})).toEqual(["png", "rle", "cutout"]);
    for (const { url, type } of Object.values(found[0]?.files ?? {})) {
      const file = await request(url);
      expect([file.status, file.headers.get("content-type")]).toEqual([200, type]);
    }
    expect(found[0]?.files?.rle?.url).toContain("threshold=0.3");
    const stored = await group(await request(found[3]?.result ?? ""));
    expect(stored.images.map(({ sha256 }) => sha256).sort()).toEqual(
      [manifest[2]!.sha256, manifest[3]!.sha256].sort(),
    );
    const done = await results(batch, "?order=done");
    expect(done.map(({ line }) => line).sort()).toEqual([1, 2, 3, 4]);
  });

  it("says of each photograph that cannot be read why, and masks the others", async () => {
    const { create, lines, accepted, until, results } = await withBatches();
    const manifest = await lines({
      a: ["image 1", "image broken", "image 2"],
      b: ["image broken 2"],
    });
    const batch = await accepted(await create(manifest));
    const end = await until(batch, "completed");
    expect(end.failures).toEqual({ image_undecodable: 2 });
    expect((await results(batch)).map(({ status, code }) => [status, code])).toEqual([
      ["succeeded", undefined],
      ["failed", "image_undecodable"],
      ["succeeded", undefined],
      ["failed", "image_undecodable"],
    ]);
  });

  it("masks a group that is too large for one with the consensus of some of it", async () => {
    const { create, lines, accepted, until, results, segmenter, request } = await withBatches({
      host: { limits: { ...FAKE_LIMITS, images: 8 } },
    });
    const photographs = Array.from({ length: 11 }, (_, i) => `image ${i}`);
    const batch = await accepted(await create(await lines({ large: photographs })));
    await until(batch, "completed");
    expect(segmenter.calls.map((files) => files.length)).toEqual([8, 3]);
    const found = await results(batch);
    expect(found.map(({ status }) => status)).toEqual(Array(11).fill("succeeded"));
    const paths = [...new Set(found.map(({ result }) => result ?? ""))];
    const groups = await Promise.all(paths.map(async (path) => group(await request(path))));
    const [makers] = groups.filter(({ images }) => images.length === 8);
    const [rest] = groups.filter(({ images }) => images.length === 3);
    expect(rest?.consensus_of).toBe(makers?.id);
  });

  it("may name a photograph in several lines", async () => {
    const { create, lines, accepted, until, results } = await withBatches();
    const manifest = await lines({ a: ["image 1", "image 1"], b: ["image 1"] });
    const batch = await accepted(await create(manifest));
    await until(batch, "completed");
    expect((await results(batch)).map(({ status }) => status)).toEqual(Array(3).fill("succeeded"));
  });
});

describe("one consensus for all", () => {
  it("costs one encode and one decode a photograph, and needs no groups", async () => {
    const { create, lines, accepted, until, results, post, segmenter } = await withBatches();
    const learnt = await group(
      await post([
        ["x.jpg", "image x"],
        ["y.jpg", "image y"],
      ]),
    );
    segmenter.calls.length = 0;
    const photographs = Array.from({ length: 20 }, (_, i) => `image ${i}`);
    const manifest = (await lines({ a: photographs })).map(({ group: _, ...line }) => line);
    const batch = await accepted(await create(manifest, `?consensus=${learnt.id}`));
    expect(batch.consensus_of).toBe(learnt.id);
    await until(batch, "completed");
    expect(segmenter.calls.flat().sort()).toEqual(photographs.sort());
    const found = await results(batch);
    expect(found.map(({ line }) => line)).toEqual(photographs.map((_, i) => i + 1));
    expect(found[0]).not.toHaveProperty("group");
  });

  it("has to be one of this model's groups that is stored", async () => {
    const { create, lines } = await withBatches();
    const manifest = (await lines({ a: ["image 1"] })).map(({ group: _, ...line }) => line);
    const response = await create(manifest, `?consensus=${"a".repeat(64)}`);
    expect((await problem(response)).code).toBe("not_found");
  });
});

describe("a batch on its way", () => {
  it("tells its events, and those after one", async () => {
    const { create, lines, accepted, request } = await withBatches();
    const batch = await accepted(
      await create(await lines({ a: ["image 1", "image 2"], b: ["image slow"] })),
    );
    const all = await events(await request(batch.links.events));
    expect(all.at(-1)).toMatchObject({ event: "batch", data: { status: "completed" } });
    const told = all.filter(({ event }) => event === "result");
    expect(told.map(({ data }) => data.line).sort()).toEqual([1, 2, 3]);
    const headers = { "last-event-id": told[0]!.id! };
    const rest = await events(await request(batch.links.events, { headers }));
    expect(rest.filter(({ event }) => event === "result")).toEqual(told.slice(1));
    for (const id of ["x", "999999"]) {
      const bad = await request(batch.links.events, { headers: { "last-event-id": id } });
      expect((await problem(bad)).code).toBe("option_invalid");
    }
  });

  it("is paused after what is being computed, and goes on", async () => {
    const { run, waiting, next } = gate();
    const { create, lines, accepted, until, act, state } = await withBatches({ run });
    const manifest = await lines({ a: ["image 1"], b: ["image 2"], c: ["image 3"] });
    const batch = await accepted(await create(manifest, "?parallelism=1"));
    await expect.poll(() => waiting.length).toBe(1);
    expect(await state(batch)).toMatchObject({ counts: { running: 1, pending: 3 } });
    expect(await act(batch, "pause")).toMatchObject({ status: "paused" });
    next();
    await expect.poll(async () => (await state(batch)).counts.succeeded).toBe(1);
    expect(await state(batch)).toMatchObject({ rate: 0 });
    expect(await state(batch)).not.toHaveProperty("estimated_end");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(waiting).toHaveLength(0);
    expect(await act(batch, "resume")).toMatchObject({ status: "running" });
    await expect.poll(() => waiting.length).toBe(1);
    next();
    await expect.poll(() => waiting.length).toBe(1);
    const { rate, estimated_end } = await state(batch);
    expect(rate).toBeGreaterThan(0);
    expect(Date.parse(estimated_end ?? "")).toBeGreaterThan(Date.now());
    next();
    expect((await until(batch, "completed")).counts.succeeded).toBe(3);
  });

  it("is cancelled for good, and keeps the results that there are", async () => {
    const { run, waiting, next } = gate();
    const { create, lines, accepted, act, state, results } = await withBatches({ run });
    const batch = await accepted(
      await create(
        await lines({ a: ["image 1", "image broken"], b: ["image 2"] }),
        "?parallelism=1",
      ),
    );
    await expect.poll(() => waiting.length).toBe(1);
    next();
    await expect.poll(() => waiting.length).toBe(1);
    expect(await act(batch, "cancel")).toMatchObject({ status: "cancelled" });
    for (const action of ["resume", "retry", "pause"]) await act(batch, action);
    expect(await state(batch)).toMatchObject({
      status: "cancelled",
      counts: { succeeded: 1, failed: 1 },
    });
    expect(await results(batch)).toHaveLength(2);
  });

  it("tries again what failed, and leaves what did not", async () => {
    const { create, lines, accepted, until, act, results, dependencies, segmenter } =
      await withBatches();
    const { images } = dependencies.stores("");
    const manifest = await lines({ a: ["image 1"], b: ["image slow 2", "image 3"] });
    const file = await images.get(manifest[2]!.sha256);
    const batch = await accepted(await create(manifest));
    await images.delete(manifest[2]!.sha256);
    await until(batch, "completed");
    const failed = (await results(batch)).filter(({ status }) => status === "failed");
    expect(failed.length).toBeGreaterThan(0);
    await images.put(manifest[2]!.sha256, file!);
    const before = segmenter.calls.length;
    await act(batch, "retry");
    expect((await until(batch, "completed")).counts).toMatchObject({ succeeded: 3, failed: 0 });
    expect(segmenter.calls.length).toBeLessThanOrEqual(before + 1);
    expect((await results(batch, "?order=done")).map(({ line }) => line).sort()).toEqual([1, 2, 3]);
  });

  it("waits while nothing can be computed, says so, and loses nothing", async () => {
    let isAway = true;
    let attempts = 0;
    const run = (own: RunUnit): RunUnit =>
      async function* away(request, lines, context) {
        attempts++;
        if (isAway) throw new CosalError("backend_unavailable", "It is away.", { retryAfter: 5 });
        yield* own(request, lines, context);
      };
    const { create, lines, accepted, until, state } = await withBatches({ run });
    const batch = await accepted(await create(await lines({ a: ["image 1"] })));
    await expect
      .poll(async () => (await state(batch)).waiting)
      .toEqual({ code: "backend_unavailable", detail: "It is away." });
    // More often than a unit that fails by itself is attempted.
    await expect.poll(() => attempts, { timeout: 10_000 }).toBeGreaterThan(MAX_UNIT_ATTEMPTS);
    isAway = false;
    expect(await until(batch, "completed")).toMatchObject({ counts: { succeeded: 1 } });
  });

  it("has one result for a line, even if a unit gives several", async () => {
    const run = (own: RunUnit): RunUnit =>
      async function* twice(request, lines, context) {
        for await (const result of own(request, lines, context)) {
          yield result;
          yield result;
          yield { ...result, problem: { code: "internal", detail: "another" } } as LineResult;
        }
      };
    const { create, lines, accepted, until, results, request } = await withBatches({ run });
    const batch = await accepted(await create(await lines({ a: ["image 1", "image 2"] })));
    const { counts } = await until(batch, "completed");
    expect(counts).toMatchObject({ succeeded: 2, failed: 0 });
    for (const order of ["manifest", "done"]) {
      const found = await results(batch, `?order=${order}`);
      expect(found.map(({ line, status }) => [line, status]).toSorted()).toEqual([
        [1, "succeeded"],
        [2, "succeeded"],
      ]);
    }
    const told = (await events(await request(batch.links.events))).filter(
      ({ event }) => event === "result",
    );
    expect(told).toHaveLength(2);
  });

  it("gives up a unit that fails each time, and computes the others", async () => {
    const run = (own: RunUnit): RunUnit =>
      async function* faulty(request, lines, context) {
        if (lines[0]?.group === "a") throw new Error("a bug");
        yield* own(request, lines, context);
      };
    const { create, lines, accepted, until, results } = await withBatches({ run });
    const batch = await accepted(await create(await lines({ a: ["image 1"], b: ["image 2"] })));
    await until(batch, "completed");
    expect((await results(batch)).map(({ status, code }) => code ?? status)).toEqual([
      "internal",
      "succeeded",
    ]);
  });

  it("is the same for the same Idempotency-Key, which is for one manifest", async () => {
    const begun: (number | undefined)[] = [];
    const run = (own: RunUnit): RunUnit => {
      return (request, lines, context) => {
        begun.push(lines[0]?.line);
        return own(request, lines, context);
      };
    };
    const { create, lines, until } = await withBatches({ run });
    const manifest = await lines({ a: ["image 1"], b: ["image 2"] });
    const key = { "idempotency-key": "k" };
    const [first, second] = await Promise.all([
      create(manifest, "", key),
      create(manifest, "", key),
    ]);
    const batch = (await first.json()) as BatchBody;
    expect(((await second.json()) as BatchBody).id).toBe(batch.id);
    await until(batch, "completed");
    expect(begun.toSorted()).toEqual([1, 2]);
    const other = await create(manifest.slice(1), "", key);
    expect((await problem(other)).code).toBe("idempotency_mismatch");
    const asked = await create(manifest, "?formats=rle", key);
    expect((await problem(asked)).code).toBe("idempotency_mismatch");
  });
});

it("forgets a batch that is deleted, and computes no more of it", async () => {
  const { run, waiting, next } = gate();
  const storage = memoryBatchStorage();
  const { request, create, lines, accepted, until, segmenter } = await withBatches({
    run,
    storage,
  });
  const manifest = await lines({ a: ["image 1"], b: ["image 2"] });
  const remove = ({ links }: BatchBody) => request(links.self, { method: "DELETE" });
  const running = await accepted(await create(manifest, "?parallelism=1"));
  await expect.poll(() => waiting.length).toBe(1);
  expect((await remove(running)).status).toBe(204);
  expect((await request(running.links.self)).status).toBe(404);
  expect((await request(running.links.results)).status).toBe(404);
  expect((await remove(running)).status).toBe(404);
  expect(segmenter.calls).toEqual([]);
  waiting.length = 0;
  const other = await accepted(await create(manifest.slice(1)));
  await expect.poll(() => waiting.length).toBe(1);
  next();
  await until(other, "completed");
  expect((await remove(other)).status).toBe(204);
  expect((await request(other.links.self)).status).toBe(404);
  expect(await Array.fromAsync(storage.list())).toEqual([]);
});
