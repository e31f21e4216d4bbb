import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DiskStore, type DiskStoreOptions } from "./disk-store.ts";

let path: string;
const faults: string[] = [];
const open = (change: Partial<DiskStoreOptions> = {}) =>
  DiskStore.open({
    path,
    bytes: BYTES,
    age: 60_000,
    onFault: (fault) => faults.push(fault),
    ...change,
  });
/** Room for three values of 30 bytes. */
const BYTES = 300;
/** Bytes of a value's file. */
const sizeOf = (key: string, value: number) => 48 + key.length + 1 + value;
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
  faults.length = 0;
  path = await mkdtemp(join(tmpdir(), "cosal-folder-"));
});
afterEach(() => rm(path, { recursive: true }));

it("keeps what it is given, over a restart too", async () => {
  const first = await open();
  await first.put("a/b/c", bytes("one"));
  await first.put("a/b/c", bytes("two"));
  await first.put("d", bytes("three"));
  const size = sizeOf("a/b/c", 3) + sizeOf("d", 5);
  expect(first.size).toBe(size);
  const second = await open();
  expect(await textOf(second, "a/b/c")).toBe("two");
  expect([second.has("d"), second.has("a/b"), second.size]).toEqual([true, false, size]);
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
  await folder.put("a", new Uint8Array(BYTES).fill(1));
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
  expect(await files()).toEqual(["a"]);
  expect(faults).toEqual(["unfinished", "damaged"]);
});

it("takes no file that is not what was written, counts it, and keeps what is put anew", async () => {
  const value = fc.uint8Array({ minLength: 1, maxLength: 100 });
  const damage = fc.oneof(
    fc.record({
      kind: fc.constant("cut" as const),
      at: fc.double({ min: 0, max: 0.99, noNaN: true }),
    }),
    fc.record({
      kind: fc.constant("zeros" as const),
      at: fc.double({ min: 0, max: 0.99, noNaN: true }),
    }),
    fc.record({
      kind: fc.constant("bit" as const),
      at: fc.double({ min: 0, max: 0.99, noNaN: true }),
    }),
    fc.record({ kind: fc.constant("longer" as const), at: fc.constant(0) }),
  );
  await fc.assert(
    fc.asyncProperty(value, damage, async (bytes, { kind, at }) => {
      faults.length = 0;
      const store = await open();
      await store.put("a/b", bytes);
      const file = new Uint8Array(await readFile(join(path, "a/b")));
      const place = Math.floor(at * file.length);
      const damaged =
        kind === "cut"
          ? file.slice(0, place)
          : kind === "longer"
            ? Uint8Array.of(...file, 0)
            : file.slice();
      if (kind === "zeros") damaged.fill(0, place);
      if (kind === "bit") damaged[place]! ^= 1;
      await writeFile(join(path, "a/b"), damaged);
      const isSame = Buffer.compare(damaged, file) === 0;
      expect(await store.get("a/b")).toEqual(isSame ? bytes : undefined);
      expect(faults).toEqual(isSame ? [] : ["damaged"]);
      expect(store.has("a/b")).toBe(isSame);
      await store.put("a/b", bytes);
      expect(await (await open()).get("a/b")).toEqual(bytes);
    }),
    { numRuns: 60 },
  );
});

it("takes no file under another's name", async () => {
  const store = await open();
  await store.put("a", bytes("1"));
  await store.put("b", bytes("2"));
  await rename(join(path, "b"), join(path, "a"));
  expect(await store.get("a")).toBeUndefined();
  expect(faults).toEqual(["damaged"]);
});

it("says what it could not do, and leaves nothing behind", async () => {
  const store = await open();
  await store.put("a", bytes("1"));
  // Nothing can be written any more.
  await rm(join(path, ".unfinished"), { recursive: true });
  await writeFile(join(path, ".unfinished"), "");
  await expect(store.put("a", bytes("2"))).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(store.put("b", bytes("2"))).rejects.toMatchObject({ code: "store_unavailable" });
  expect(await textOf(store, "a")).toBe("1");
  expect(store.has("b")).toBe(false);
  // A folder is where a file was: it can be neither read nor removed like one.
  await rm(join(path, "a"));
  await mkdir(join(path, "a"));
  await expect(store.get("a")).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(store.delete("a")).rejects.toMatchObject({ code: "store_unavailable" });
  expect(store.has("a")).toBe(true);
  expect(faults).toEqual(["write", "write", "read", "delete"]);
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
      size: fc.integer({ min: 1, max: 150 }),
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
      expect(folder.size).toBeLessThanOrEqual(BYTES);
      for (const key of ["a", "b/c", "b/d", "e"]) {
        const found = await folder.get(key);
        expect(found !== undefined).toBe(folder.has(key));
        // One value, not parts of two.
        if (found) expect(new Set(found)).toEqual(new Set([found.length]));
        const file = found && (await readFile(join(path, key)));
        if (found) expect(file).toHaveLength(sizeOf(key, found.length));
      }
    }),
    { numRuns: 40 },
  );
});
