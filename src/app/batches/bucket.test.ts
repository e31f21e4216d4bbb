import { expect, it } from "vitest";
import { problem } from "../../../test/app-client.ts";
import { withBatches } from "../../../test/batches.ts";
import { fakeBucket } from "../../../test/fake-bucket.ts";
import { FAKE_LIMITS } from "../../../test/fakes.ts";

const PHOTOGRAPHS = {
  "in/a/1.jpg": "image 1",
  "in/a/2.jpg": "image 2",
  "in/a/notes.txt": "no photograph",
  "in/b/3.jpg": "image 3",
  "in/b/broken.jpg": "no image",
  "out-of-it/4.jpg": "image 4",
};

async function withBucket() {
  const fake = fakeBucket(PHOTOGRAPHS);
  const asked: string[] = [];
  const batchBucket = (tenant: string) => {
    asked.push(tenant);
    return fake.bucket;
  };
  return { ...fake, asked, ...(await withBatches({ host: { batchBucket } })) };
}

it("masks what lies below a prefix, a folder a group, and writes where it is told", async () => {
  const { request, accepted, until, results, files, segmenter } = await withBucket();
  const path = "/v1/batches?source=in/&destination=out/&formats=png,cutout,rle";
  const batch = await accepted(await request(path, { method: "POST" }));
  expect((await until(batch, "completed")).failures).toEqual({ image_type_unsupported: 1 });
  const found = await results(batch);
  expect(found.map(({ id, group, code }) => [id, group, code])).toEqual([
    ["a/1.jpg", "in/a", undefined],
    ["a/2.jpg", "in/a", undefined],
    ["b/3.jpg", "in/b", undefined],
    ["b/broken.jpg", "in/b", "image_type_unsupported"],
  ]);
  expect(segmenter.calls.map((files) => files.toSorted()).toSorted()).toEqual([
    ["image 1", "image 2"],
    ["image 3"],
  ]);
  expect(found[0]?.keys).toEqual({
    png: "out/a/1.jpg.png",
    cutout: "out/a/1.jpg.cutout.png",
    rle: "out/a/1.jpg.rle.json",
  });
  for (const [format, key] of Object.entries(found[0]?.keys ?? {})) {
    const linked = await request(found[0]?.files?.[format]?.url ?? "");
    expect(files.get(key)).toEqual(new Uint8Array(await linked.arrayBuffer()));
  }
  expect([...files.keys()].filter((key) => key.startsWith("out/"))).toHaveLength(10);
});

it("writes its results where it writes the files, and again after a retry", async () => {
  const { request, accepted, act, until, files, away, written: keys } = await withBucket();
  const path = "/v1/batches?source=in/b/&destination=out/";
  const batch = await accepted(await request(path, { method: "POST" }));
  expect(batch).not.toHaveProperty("results_key");
  const written = async () => {
    const completed = await until(batch, "completed");
    return new TextDecoder().decode(files.get(completed.results_key ?? ""));
  };
  const answered = async () => (await request(batch.links.results)).text();
  const first = await written();
  expect(first).toBe(await answered());
  expect(first.split("\n")).toHaveLength(3);
  files.set("in/b/broken.jpg", new TextEncoder().encode("image 5"));
  away.failures = 2;
  keys.length = 0;
  await act(batch, "retry");
  const second = await written();
  expect(keys).toEqual(["out/broken.jpg.png", `out/results-${batch.id}.jsonl`]);
  expect(second).toBe(await answered());
  expect(second).not.toBe(first);
  expect(second).not.toContain("failed");
});

it("takes its manifest from the bucket", async () => {
  const { files, request, accepted, until, results } = await withBucket();
  const lines = ["1", "2"].map((id) => JSON.stringify({ key: `in/a/${id}.jpg`, group: "g" }));
  files.set("lists/mine.jsonl", new TextEncoder().encode(lines.join("\n")));
  const create = (query: string) => request(`/v1/batches?${query}`, { method: "POST" });
  const batch = await accepted(await create("manifest=lists/mine.jsonl"));
  await until(batch, "completed");
  expect((await results(batch)).map(({ key, status }) => [key, status])).toEqual([
    ["in/a/1.jpg", "succeeded"],
    ["in/a/2.jpg", "succeeded"],
  ]);
  const absent = await problem(await create("manifest=lists/other.jsonl"));
  expect([absent.status, absent.code]).toEqual([404, "not_found"]);
  expect((await problem(await create("manifest=in/a/1.jpg"))).code).toBe("body_not_json");
  files.set("lists/long.jsonl", new Uint8Array(20_001).fill(32));
  expect((await problem(await create("manifest=lists/long.jsonl"))).code).toBe("body_too_large");
  const both = await problem(await create("manifest=lists/mine.jsonl&source=in/"));
  expect(both.code).toBe("option_invalid");
});

it("takes keys in a manifest, and says which are not there", async () => {
  const { create, accepted, until, results } = await withBucket();
  const lines = [
    { key: "in/a/1.jpg", group: "g" },
    { key: "in/gone.jpg", group: "g" },
  ];
  const batch = await accepted(await create(lines));
  await until(batch, "completed");
  expect((await results(batch)).map(({ id, code }) => [id, code])).toEqual([
    ["in/a/1.jpg", undefined],
    ["in/gone.jpg", "not_found"],
  ]);
});

it("takes no photograph that is larger than one may be", async () => {
  const { bucket } = fakeBucket({ "in/large.jpg": "image large", "in/small.jpg": "image" });
  const host = { batchBucket: () => bucket, limits: { ...FAKE_LIMITS, imageBytes: 8 } };
  const { request, accepted, until, results } = await withBatches({ host });
  const batch = await accepted(await request("/v1/batches?source=in/", { method: "POST" }));
  await until(batch, "completed");
  expect((await results(batch)).map(({ id, code, limit }) => [id, code, limit])).toEqual([
    ["large.jpg", "image_too_large", { name: "bytes", limit: 8, actual: 11 }],
    ["small.jpg", undefined, undefined],
  ]);
});

it("waits for a bucket that is away", async () => {
  const { away, request, accepted, until, asked } = await withBucket();
  away.failures = 6;
  const path = "/v1/batches?source=in/a/&destination=out/";
  const batch = await accepted(await request(path, { method: "POST" }));
  expect((await until(batch, "completed")).counts).toMatchObject({ succeeded: 2, failed: 0 });
  expect(new Set(asked)).toEqual(new Set([""]));
});

it("is refused by its name where there is no bucket, or nothing in it", async () => {
  const { create, request } = await withBatches();
  for (const query of ["?source=in/", "?manifest=a", "?destination=out/"]) {
    const refused = await problem(await create([{ sha256: "a".repeat(64), group: "a" }], query));
    expect([refused.code, refused.detail]).toEqual([
      "option_invalid",
      expect.stringContaining("no bucket"),
    ]);
  }
  const line = await problem(await create([{ key: "in/a/1.jpg", group: "a" }]));
  expect([line.code, line.detail]).toEqual(["body_invalid", expect.stringContaining("Line 1")]);
  const other = await withBucket();
  const post = { method: "POST" };
  const empty = await problem(await other.request("/v1/batches?source=nothing/", post));
  expect(empty.code).toBe("group_empty");
  const both = { key: "in/a/1.jpg", sha256: "a".repeat(64), group: "a" };
  expect((await problem(await other.create([both]))).detail).toMatch(/one of sha256 and key/);
  expect((await request("/v1/batches?source=in", post)).status).toBe(400);
});
