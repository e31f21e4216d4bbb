import { expect, it } from "vitest";
import { gate, withBatches } from "../../../test/batches.ts";
import { fakeHost } from "../../../test/fakes.ts";
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
  const begun: (number | undefined)[] = [];
  const second = await withBatches({
    ...{ host: first.dependencies, storage },
    run: (own) => (request, lines, context) => {
      begun.push(lines[0]?.line);
      return own(request, lines, context);
    },
  });
  await second.until(batch, "completed");
  expect(begun).toEqual([2, 3]);
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

it("does not go on with another model of the same name", async () => {
  const storage = memoryBatchStorage();
  const { run, waiting } = gate();
  const first = await withBatches({ storage, run });
  const batch = await first.accepted(await first.create(await first.lines({ a: ["image 1"] })));
  await expect.poll(() => waiting.length).toBe(1);
  await first.batches.stop();
  const { dependencies } = fakeHost({ stores: first.dependencies.stores });
  const [model] = await dependencies.models();
  const models = async () => [Object.assign(Object.create(model!), { digest: "b".repeat(64) })];
  const second = await withBatches({ host: { ...dependencies, models }, storage });
  expect((await second.until(batch, "completed")).failures).toEqual({ model_unknown: 1 });
});
