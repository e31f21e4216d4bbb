import { expect, it } from "vitest";
import { problem } from "../../../test/app-client.ts";
import { gate, withBatches } from "../../../test/batches.ts";
import { memoryBatchStorage } from "../index.ts";
import type { BatchRequest } from "./types.ts";

/** Bytes for two batches of two lines. */
const TWO = 2900;

it("has room for what was accepted; batches that have ended make it", async () => {
  const { create, lines, accepted, until, request } = await withBatches({
    storage: memoryBatchStorage(TWO),
  });
  const manifest = await lines({ a: ["image 1"], b: ["image 2"] });
  const first = await accepted(await create(manifest));
  await until(first, "completed");
  const second = await accepted(await create(manifest));
  await until(second, "completed");
  const third = await accepted(await create(manifest));
  expect((await request(first.links.self)).status).toBe(404);
  expect((await request(second.links.self)).status).toBe(200);
  await until(third, "completed");
  const photographs = Array.from({ length: 10 }, (_, i) => `image ${i}`);
  const large = await create(await lines({ a: photographs }));
  expect((await problem(large)).code).toBe("store_full");
});

it("removes no batch that has not ended", async () => {
  const { run } = gate();
  const storage = memoryBatchStorage(TWO);
  const { create, lines, accepted, state } = await withBatches({ storage, run });
  const manifest = await lines({ a: ["image 1"], b: ["image 2"] });
  const batches = [await accepted(await create(manifest)), await accepted(await create(manifest))];
  expect((await problem(await create(manifest))).code).toBe("store_full");
  for (const batch of batches) expect((await state(batch)).status).toBe("running");
});

it("leaves room for others beside one tenant", async () => {
  const { run } = gate();
  const storage = memoryBatchStorage(TWO);
  const { batches, lines } = await withBatches({ storage, run });
  const manifest = (await lines({ a: ["image 1"], b: ["image 2"] })).map((line, i) => ({
    ...line,
    line: i + 1,
  }));
  const submit = (tenant: string) => {
    const request: BatchRequest = {
      ...{ tenant, model: { name: "fake", digest: "f".repeat(64) }, backend: "auto" },
      ...{ detail: "normal", formats: ["png"], size: "source", threshold: 0.5 },
      ...{ parallelism: 1, request: "r" },
    };
    const lines = (async function* () {
      yield* manifest;
    })();
    return batches.submit({ request, lines });
  };
  await submit("one");
  await expect(submit("one")).rejects.toMatchObject({ code: "store_full" });
  expect((await submit("two")).status).toBe("running");
});
