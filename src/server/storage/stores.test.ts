import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { GroupResult, Stores } from "../../group/index.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { serverStores, WORKERS } from "./stores.ts";

const GROUP = "a".repeat(64);
const IMAGE = "b".repeat(64);
const MODEL = "c".repeat(64);
const RESULT: GroupResult = {
  id: GROUP,
  model: { name: "fake", digest: MODEL },
  backend: "gpu",
  common: 0.5,
  images: [],
  skipped: [],
  notices: [],
};

let path: string;
let folder: DataFolder;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "cosal-stores-"));
  folder = await openDataFolder(path, 1e6, "");
});
afterEach(async () => {
  folder.close();
  await rm(path, { recursive: true });
});

/** Files of what is stored. */
async function files(): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("lock"))
    .map(({ name }) => name);
}

it("keeps groups and photographs over a restart, each tenant's apart", async () => {
  const first = (await serverStores({ folder })).of("a tenant: ../x");
  await first.groups.putMask(GROUP, IMAGE, Uint8Array.of(1));
  await first.groups.putConsensus(GROUP, Uint8Array.of(2));
  await first.groups.putResult(RESULT);
  await first.images.put(IMAGE, Uint8Array.of(3));
  const { of } = await serverStores({ folder });
  const own = of("a tenant: ../x");
  expect(await own.groups.result(GROUP)).toEqual(RESULT);
  expect(await own.groups.mask(GROUP, IMAGE)).toEqual(Uint8Array.of(1));
  expect(await own.groups.consensus(GROUP)).toEqual(Uint8Array.of(2));
  expect(await own.images.has([IMAGE, GROUP])).toEqual(new Set([IMAGE]));
  for (const other of ["", "another"]) {
    expect(await of(other).groups.result(GROUP)).toBeUndefined();
    expect(await of(other).images.get(IMAGE)).toBeUndefined();
  }
  expect(await own.groups.delete(GROUP)).toBe(true);
  expect(await own.groups.delete(GROUP)).toBe(false);
  expect(await own.groups.mask(GROUP, IMAGE)).toBeUndefined();
  expect(await own.images.delete(IMAGE)).toBe(true);
  expect(await files()).toEqual([]);
});

it("finds features in memory, then on disk, and forgets them with their photograph", async () => {
  const found: string[] = [];
  const onLookUp = (where: string) => found.push(where);
  const key = `${MODEL}/${IMAGE}`;
  const first = (await serverStores({ folder, onLookUp })).of("").features;
  expect(await first.get(key)).toBeUndefined();
  await first.put(key, Uint8Array.of(1, 2));
  expect(await first.get(key)).toEqual(Uint8Array.of(1, 2));
  await expect.poll(files).toEqual([MODEL]);
  const onDisk = async () => (await serverStores({ folder, onLookUp })).of("").features;
  expect(await (await onDisk()).get(key)).toEqual(Uint8Array.of(1, 2));
  expect(found.slice(0, 2)).toEqual(["nowhere", "memory"]);
  expect(found.at(-1)).toBe("disk");
  await first.deleteImage(IMAGE);
  expect(await first.get(key)).toBeUndefined();
  expect(await (await onDisk()).get(key)).toBeUndefined();
});

it("writes nothing of a Worker's to the disk, and keeps no photograph of it", async () => {
  const { of } = await serverStores({ folder });
  const { groups, images, features } = of(WORKERS);
  await groups.putMask(GROUP, IMAGE, Uint8Array.of(1));
  await groups.putResult(RESULT);
  await images.put(IMAGE, Uint8Array.of(3));
  await features.put(`${MODEL}/${IMAGE}`, Uint8Array.of(4));
  expect(await groups.result(GROUP)).toEqual(RESULT);
  expect(await groups.mask(GROUP, IMAGE)).toEqual(Uint8Array.of(1));
  expect(await features.get(`${MODEL}/${IMAGE}`)).toEqual(Uint8Array.of(4));
  expect(await images.get(IMAGE)).toBeUndefined();
  expect(await groups.delete(GROUP)).toBe(true);
  expect(await groups.mask(GROUP, IMAGE)).toBeUndefined();
  expect(await files()).toEqual([]);
});

it("keeps what a Worker sent apart by tenant, and no longer than it says", async () => {
  const { of } = await serverStores({ folder });
  const key = `${MODEL}/${IMAGE}`;
  const put = async ({ groups, features }: Stores) => {
    await groups.putMask(GROUP, IMAGE, Uint8Array.of(1));
    await groups.putResult(RESULT);
    await features.put(key, Uint8Array.of(4));
  };
  const found = async ({ groups, features }: Stores) => [
    (await groups.result(GROUP)) !== undefined,
    (await groups.mask(GROUP, IMAGE)) !== undefined,
    (await features.get(key)) !== undefined,
  ];
  const [alice, bob] = [`${WORKERS}alice`, `${WORKERS}bob`];
  await put(of(alice, 60));
  expect(await found(of(alice, 60))).toEqual([true, true, true]);
  expect(await found(of(bob, 60))).toEqual([false, false, false]);
  await put(of(bob, 0));
  expect(await found(of(bob, 60))).toEqual([false, false, false]);
  await put(of(bob, 0.05));
  await expect.poll(() => found(of(bob, 60))).toEqual([false, false, false]);
});
