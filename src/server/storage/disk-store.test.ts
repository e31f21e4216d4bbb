import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DiskStore } from "./disk-store.ts";

let path: string;
const open = (change: { bytes?: number; age?: number } = {}) =>
  DiskStore.open({ path, bytes: 100, age: 60_000, ...change });
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = async (folder: DiskStore, key: string) => {
  const found = await folder.get(key);
  return found && new TextDecoder().decode(found);
};
const files = async () =>
  (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "cosal-folder-"));
});
afterEach(() => rm(path, { recursive: true }));

it("keeps what it is given, over a restart too", async () => {
  const first = await open();
  await first.put("a/b/c", bytes("one"));
  await first.put("a/b/c", bytes("two"));
  await first.put("d", bytes("three"));
  expect(first.size).toBe(8);
  const second = await open();
  expect(await textOf(second, "a/b/c")).toBe("two");
  expect([second.has("d"), second.has("a/b"), second.size]).toEqual([true, false, 8]);
  expect(await second.get("a/b")).toBeUndefined();
});

it("drops what was used longest ago, from the disk too", async () => {
  const folder = await open();
  for (const key of ["a", "b", "c"]) await folder.put(key, new Uint8Array(30).fill(1));
  await folder.get("a");
  await folder.put("d", new Uint8Array(30).fill(1));
  expect(["a", "b", "c", "d"].map((key) => folder.has(key))).toEqual([true, false, true, true]);
  await expect.poll(files).toEqual(["a", "c", "d"]);
});

it("does not keep what is larger than all of it", async () => {
  const folder = await open();
  await folder.put("a", new Uint8Array(101).fill(1));
  expect(await folder.get("a")).toBeUndefined();
  await expect.poll(files).toEqual([]);
});

it("removes what is too old, with that of an earlier process", async () => {
  const first = await open();
  await first.put("old", bytes("1"));
  await first.put("new", bytes("2"));
  await utimes(join(path, "old"), new Date(), new Date(Date.now() - 61_000));
  const second = await open();
  expect([second.has("old"), second.has("new")]).toEqual([false, true]);
  await expect.poll(files).toEqual(["new"]);
  const brief = await open({ age: 1 });
  await brief.put("brief", bytes("3"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await brief.get("brief")).toBeUndefined();
});

it("takes no part of a file for the whole", async () => {
  const first = await open();
  await first.put("a", bytes("whole"));
  await writeFile(join(path, ".unfinished", "9"), "part");
  await writeFile(join(path, "b"), "");
  const second = await open();
  expect(await files()).toEqual(["a", "b"]);
  expect(await second.get("b")).toBeUndefined();
});

it("forgets a file that somebody else has removed", async () => {
  const folder = await open();
  await folder.put("a", bytes("1"));
  await rm(join(path, "a"));
  expect(await folder.get("a")).toBeUndefined();
  expect(folder.has("a")).toBe(false);
});

it("deletes one, or all below", async () => {
  const folder = await open();
  for (const key of ["g/1", "g/m/2", "gg/3"]) await folder.put(key, bytes(key));
  expect(await folder.delete("g/1")).toBe(true);
  expect(await folder.delete("g/1")).toBe(false);
  await folder.deleteAll("g");
  expect(await files()).toEqual(["3"]);
});

it.each(["../x", "a/../../x", ".unfinished/1", "/etc/x", "a//b", "A", ""])(
  "takes no key %j",
  async (key) => {
    const folder = await open();
    await expect(folder.put(key, bytes("1"))).rejects.toThrow(TypeError);
    expect(await folder.get(key)).toBeUndefined();
  },
);

it("agrees with its index and its bound whatever happens at once", async () => {
  const keys = fc.constantFrom("a", "b/c", "b/d", "e");
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("put" as const),
      key: keys,
      size: fc.integer({ min: 1, max: 60 }),
    }),
    fc.record({ kind: fc.constant("delete" as const), key: keys }),
    fc.record({ kind: fc.constant("get" as const), key: keys }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      await rm(path, { recursive: true });
      const folder = await open();
      await Promise.all(
        steps.map(async (one) => {
          if (one.kind === "put")
            await folder.put(one.key, new Uint8Array(one.size).fill(one.size));
          else if (one.kind === "delete") await folder.delete(one.key);
          else await folder.get(one.key);
        }),
      );
      expect(folder.size).toBeLessThanOrEqual(100);
      for (const key of ["a", "b/c", "b/d", "e"]) {
        const found = await folder.get(key);
        expect(found !== undefined).toBe(folder.has(key));
        // One value, not parts of two.
        if (found) expect(new Set(found)).toEqual(new Set([found.length]));
        if (found) expect(await readFile(join(path, key))).toHaveLength(found.length);
      }
    }),
    { numRuns: 40 },
  );
});
