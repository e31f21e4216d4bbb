import { expect, it } from "vitest";
import { problem } from "../../../test/app-client.ts";
import { gate, withBatches } from "../../../test/batches.ts";
import { type LocalBatches, memoryBatchStorage } from "../index.ts";

it("goes on in the next process with what has no result, and computes nothing twice", async () => {
  const storage = memoryBatchStorage();
  const { run, waiting, next } = gate();
  const first = await withBatches({ storage, run });
  const manifest = await first.lines({ a: ["image 1"], b: ["image 2"], c: ["image 3"] });
  const batch = await first.accepted(await first.create(manifest, "?parallelism=1"));
  await expect.poll(() => waiting.length).toBe(1);
  next();
  await expect.poll(() => waiting.length).toBe(1);
  await first.batches.stop();
  const second = await withBatches({ host: first.dependencies, storage });
  await second.until(batch, "completed");
  expect(first.segmenter.calls.concat(second.segmenter.calls).flat()).toEqual([
    "image 1",
    "image 2",
    "image 3",
  ]);
  expect((await second.results(batch)).map(({ line }) => line)).toEqual([1, 2, 3]);
});

it("gives up a unit that ends the process each time", async () => {
  const storage = memoryBatchStorage();
  const { run, waiting } = gate();
  const first = await withBatches({ storage, run });
  const batch = await first.accepted(await first.create(await first.lines({ a: ["image 1"] })));
  let last: LocalBatches = first.batches;
  for (let life = 1; life < 8; life++) {
    await expect.poll(() => waiting.length).toBe(life);
    await last.stop();
    last = (await withBatches({ host: first.dependencies, storage, run })).batches;
  }
  await expect.poll(() => waiting.length).toBe(8);
  await last.stop();
  const end = await withBatches({ host: first.dependencies, storage });
  expect((await end.until(batch, "completed")).failures).toEqual({ internal: 1 });
});

it("is another tenant's business only if it is theirs", async () => {
  const { batches, create, lines, accepted } = await withBatches();
  const { id } = await accepted(await create(await lines({ a: ["image 1"] })));
  const { signal } = new AbortController();
  expect(await batches.get("other", id)).toBeUndefined();
  expect(await batches.act("other", id, "cancel")).toBeUndefined();
  expect(await batches.events("other", id, 0, signal)).toBeUndefined();
  expect(await batches.results("other", id, "done")).toBeUndefined();
});

it("has room for what was accepted; batches that have ended make it", async () => {
  const { create, lines, accepted, until, request } = await withBatches({
    storage: memoryBatchStorage(2900),
  });
  const manifest = await lines({ a: ["image 1"], b: ["image 2"] });
  const first = await accepted(await create(manifest));
  await until(first, "completed");
  const second = await accepted(await create(manifest));
  await until(second, "completed");
  const third = await accepted(await create(manifest));
  expect((await request(first.links.self)).status).toBe(404);
  await until(third, "completed");
  const photographs = Array.from({ length: 10 }, (_, i) => `image ${i}`);
  const large = await create(await lines({ a: photographs }));
  expect((await problem(large)).code).toBe("store_full");
});
