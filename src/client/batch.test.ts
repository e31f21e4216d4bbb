import { expect, it } from "vitest";
import { withBatches } from "../../test/batches.ts";
import { fakeBucket } from "../../test/fake-bucket.ts";
import { type Batch, Cosal } from "./index.ts";

async function withClient() {
  const bucket = fakeBucket({
    "in/a/1.jpg": "image 1",
    "in/a/2.jpg": "image 2",
    "in/b/3.jpg": "image 3",
    "lists/some.jsonl": ["in/b/3.jpg", "in/a/1.jpg"]
      .map((key) => JSON.stringify({ key, group: "g" }))
      .join("\n"),
  });
  const { app, segmenter } = await withBatches({ host: { batchBucket: () => bucket.bucket } });
  const uploads: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (init?.method === "PUT") uploads.push(url);
    return app.request(url, init);
  };
  return { cosal: new Cosal({ url: "http://cosal.test", fetch }), segmenter, uploads, ...bucket };
}

/** Ids of the photographs of a batch that has ended, and what became of them. */
async function ended(batch: Batch) {
  let status = "";
  for await (const state of batch.states()) status = state.status;
  expect(status).toBe("completed");
  const results = await Array.fromAsync(batch.results());
  return results.map((result) => [result.id, "mask" in result ? "mask" : result.code]);
}

it("uploads the photographs of a batch that the service does not have, each once", async () => {
  const { cosal, segmenter, uploads } = await withClient();
  const photograph = (id: string, group: string) => ({ id, group, file: new File([id], id) });
  const refused: string[] = [];
  const batch = await cosal.createBatch(
    [photograph("image x", "one"), photograph("image y", "one"), photograph("no image", "two")],
    { onRefused: (id) => refused.push(id) },
  );
  expect(await ended(batch)).toEqual([
    ["image x", "mask"],
    ["image y", "mask"],
  ]);
  expect(refused).toEqual(["no image"]);
  expect(segmenter.calls.flat().toSorted()).toEqual(["image x", "image y"]);
  uploads.length = 0;
  await cosal.createBatch(["image x", "image y", "image z"].map((id) => photograph(id, "one")));
  expect(uploads).toHaveLength(1);
});

it("begins a batch of what lies below a prefix of the bucket", async () => {
  const { cosal, files } = await withClient();
  const batch = await cosal.createBatch(
    { source: "in/a/" },
    { destination: "out/", formats: ["png"] },
  );
  expect(await ended(batch)).toEqual([
    ["1.jpg", "mask"],
    ["2.jpg", "mask"],
  ]);
  expect([...files.keys()]).toEqual(expect.arrayContaining(["out/1.jpg.png", "out/2.jpg.png"]));
});

it("begins a batch of what a manifest in the bucket names, in its order", async () => {
  const { cosal } = await withClient();
  const batch = await cosal.createBatch({ manifest: "lists/some.jsonl" });
  expect(await ended(batch)).toEqual([
    ["in/b/3.jpg", "mask"],
    ["in/a/1.jpg", "mask"],
  ]);
  await expect(cosal.createBatch({ manifest: "lists/none.jsonl" })).rejects.toMatchObject({
    code: "not_found",
  });
});
