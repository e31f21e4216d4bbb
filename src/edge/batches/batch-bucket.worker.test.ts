import { env } from "cloudflare:workers";
import type { R2Bucket } from "@cloudflare/workers-types";
import { expect, it, vi } from "vitest";
import { batchBucket } from "./batch-bucket.ts";

const { BATCH_BUCKET } = env as { BATCH_BUCKET: R2Bucket };
const bytes = (text: string) => new TextEncoder().encode(text);

async function filled(tenant: string, keys: readonly string[]) {
  const bucket = batchBucket(BATCH_BUCKET, tenant);
  await Promise.all(keys.map((key) => bucket.put(key, bytes(key), "text/plain")));
  return bucket;
}

it("lists the keys of a folder one after the other, with those of its folders after them", async () => {
  const keys = ["x/b.jpg", "x/c/1.jpg", "x/c/2.jpg", "x/c/d/3.jpg", "x/e.jpg", "x/f/4.jpg"];
  const bucket = await filled("folders", [...keys, "x.jpg", "y/5.jpg", "z/g/6.jpg"]);
  expect(await Array.fromAsync(bucket.list("x/"))).toEqual([
    ...["x/b.jpg", "x/e.jpg"],
    ...["x/c/1.jpg", "x/c/2.jpg", "x/c/d/3.jpg"],
    "x/f/4.jpg",
  ]);
  const all = await Array.fromAsync(bucket.list(""));
  expect(all.toSorted()).toEqual([...keys, "x.jpg", "y/5.jpg", "z/g/6.jpg"].toSorted());
  const folders = all.map((key) => key.slice(0, key.lastIndexOf("/") + 1));
  const changes = folders.filter((folder, i) => folder !== folders[i - 1]);
  expect(changes).toHaveLength(new Set(folders).size);
});

it("lists more than a page, and passes over long folders without reading them", async () => {
  const inner = Array.from({ length: 1100 }, (_, i) => `m/b/${String(i).padStart(4, "0")}.jpg`);
  const bucket = await filled("pages", ["m/a.jpg", ...inner, "m/z.jpg"]);
  const list = vi.spyOn(Object.getPrototypeOf(BATCH_BUCKET), "list");
  expect(await Array.fromAsync(bucket.list("m/"))).toEqual(["m/a.jpg", "m/z.jpg", ...inner]);
  // One until it meets the folder, one past it, two for the folder.
  expect(list.mock.calls.length).toBe(4);
  list.mockRestore();
});

it("has a part for each tenant", async () => {
  const [mine, theirs] = [await filled("key:a", ["p/1.jpg"]), await filled("key:b", ["p/2.jpg"])];
  expect(await Array.fromAsync(mine.list("p/"))).toEqual(["p/1.jpg"]);
  expect(await theirs.get("p/1.jpg")).toBeUndefined();
  expect(await theirs.read("p/1.jpg")).toBeUndefined();
  expect(await mine.get("p/1.jpg")).toEqual(bytes("p/1.jpg"));
});

it("writes an object of any length, which is there when it is whole", async () => {
  const bucket = batchBucket(BATCH_BUCKET, "long");
  const block = new Uint8Array(2 ** 20).fill(7);
  async function* blocks(count: number) {
    for (let i = 0; i < count; i++) {
      yield block;
      if (i === 5) throw new Error("no more");
    }
  }
  await expect(bucket.write("broken", blocks(9), "text/plain")).rejects.toThrow("no more");
  expect(await bucket.get("broken")).toBeUndefined();
  async function* whole() {
    for (let i = 0; i < 17; i++) yield block;
    yield bytes("end");
  }
  await bucket.write("whole", whole(), "application/jsonl");
  let length = 0;
  for await (const part of (await bucket.read("whole"))!) length += part.length;
  expect(length).toBe(17 * 2 ** 20 + 3);
  const found = await BATCH_BUCKET.head("long/whole");
  expect(found?.httpMetadata?.contentType).toBe("application/jsonl");
});

it("that cannot be reached is told as such", async () => {
  const bucket = batchBucket(BATCH_BUCKET, "away");
  const get = vi.spyOn(Object.getPrototypeOf(BATCH_BUCKET), "get");
  get.mockRejectedValue(new Error("R2 is down"));
  await expect(bucket.get("a")).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(bucket.read("a")).rejects.toMatchObject({ code: "store_unavailable" });
  get.mockRestore();
});
