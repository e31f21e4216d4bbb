import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { BatchHeader, BatchLine, BatchRecord, BatchStorage } from "../../app/index.ts";
import { diskBatchStorage } from "./disk-batch-storage.ts";

let path: string;
const faults: string[] = [];

beforeEach(async () => {
  faults.length = 0;
  path = await mkdtemp(join(tmpdir(), "cosal-batches-"));
});
afterEach(() => rm(path, { recursive: true }));

const open = () => diskBatchStorage({ path, bytes: 1e9, onFault: (fault) => faults.push(fault) });

const line = (number: number): BatchLine => ({
  line: number,
  id: `é ${number}.jpg`,
  sha256: String(number).padStart(64, "0"),
  group: "g",
});

const header = (id = "b", total = 3): BatchHeader => ({
  id,
  request: {
    tenant: "t",
    model: { name: "fake", digest: "f".repeat(64) },
    backend: "auto",
    detail: "normal",
    formats: ["png"],
    size: "source",
    threshold: 0.5,
    parallelism: 1,
    request: "r",
  },
  fingerprint: "f",
  total,
  created: "2026-01-01T00:00:00.000Z",
});

const result = (number: number): BatchRecord => ({
  result: { ...line(number), problem: { code: "image_undecodable", detail: "x".repeat(number) } },
});

async function* lines(count: number) {
  for (let number = 1; number <= count; number++) yield line(number);
}

async function create(storage: BatchStorage, id = "b", total = 3): Promise<void> {
  await storage.writeManifest(id, lines(total));
  await storage.create(header(id, total));
}

/** What a process finds when it begins. */
async function reopened() {
  const storage = await open();
  const batches = [];
  for await (const { header, records } of storage.list()) {
    batches.push({ header, records: await Array.fromAsync(records) });
  }
  return { storage, batches };
}

it("has in the next process what was written in this one", async () => {
  const storage = await open();
  await create(storage, "b", 5000);
  const placed = [
    ...(await storage.append("b", [result(1), result(2)])),
    ...(await storage.append("b", [{ milliseconds: 7 }])),
  ];
  const next = await reopened();
  expect(next.batches).toEqual([{ header: header("b", 5000), records: placed }]);
  expect(await Array.fromAsync(next.storage.readManifest("b"))).toEqual(
    await Array.fromAsync(lines(5000)),
  );
  expect(await Array.fromAsync(next.storage.records("b", placed[0]!.end))).toEqual(placed.slice(1));
  const starts = placed.map(({ start }) => start).reverse();
  expect(await Array.fromAsync(next.storage.read("b", starts))).toEqual(
    placed.map(({ record }) => record).reverse(),
  );
  expect(next.storage.sizeOf("b")).toBe(storage.sizeOf("b"));
  expect(faults).toEqual([]);
});

it("knows where records end, and nothing else as a place", async () => {
  const storage = await open();
  await create(storage);
  const [first] = await storage.append("b", [result(1), result(2)]);
  expect(await storage.isEnd("b", 0)).toBe(true);
  expect(await storage.isEnd("b", first!.end)).toBe(true);
  expect(await storage.isEnd("b", first!.end + 1)).toBe(false);
  expect(await storage.isEnd("b", 1e9)).toBe(false);
});

it("reads journals that are larger than what is read together, lines too", async () => {
  const storage = await open();
  await create(storage);
  const long: BatchRecord = {
    result: { ...line(1), problem: { code: "internal", detail: "x".repeat(700_000) } },
  };
  const placed = await storage.append("b", [result(1), long, ...Array(3000).fill(result(3))]);
  const { batches, storage: next } = await reopened();
  expect(batches[0]?.records).toEqual(placed);
  const starts = placed.map(({ start }) => start);
  expect(await Array.fromAsync(next.read("b", starts))).toEqual(placed.map(({ record }) => record));
});

it("reads records in any order", async () => {
  const storage = await open();
  await create(storage);
  // More than are kept in memory.
  const text = "x".repeat(10_000);
  const records = Array.from({ length: 500 }, (_, i): BatchRecord => {
    return { result: { ...line(i + 1), problem: { code: "internal", detail: text } } };
  });
  const placed = await storage.append("b", records);
  const halves = placed.slice(0, 250).flatMap((one, i) => [placed[i + 250]!, one]);
  for (const order of [halves, placed.toReversed(), halves.toReversed()]) {
    const starts = order.map(({ start }) => start);
    expect(await Array.fromAsync(storage.read("b", starts))).toEqual(
      order.map(({ record }) => record),
    );
  }
  const wrong = Array.fromAsync(storage.read("b", [placed[0]!.start, placed[1]!.start + 1]));
  await expect(wrong).rejects.toThrow("has no line");
});

it("keeps every whole record before the place where a journal is damaged", async () => {
  const storage = await open();
  await create(storage);
  const [first] = await storage.append("b", [result(1)]);
  const placed = [first!, ...(await storage.append("b", [result(2), result(3)]))];
  const file = join(path, "b", "journal");
  const whole = await readFile(file);
  const place = fc.integer({ min: first!.start, max: whole.length - 1 });
  await fc.assert(
    fc.asyncProperty(place, fc.constantFrom("cut", "zeros", "bit", "more"), async (at, kind) => {
      const damaged = Buffer.from(kind === "cut" ? whole.subarray(0, at) : whole);
      if (kind === "zeros") damaged.fill(0, at, Math.min(at + 40, damaged.length));
      if (kind === "bit") damaged[at]! ^= 1;
      await writeFile(file, damaged);
      if (kind === "more") await appendFile(file, '12345678 {"resu');
      const { storage: next, batches } = await reopened();
      const intact = kind === "more" ? placed : placed.filter(({ end }) => end <= at);
      expect(batches[0]?.records).toEqual(intact);
      // Of the length of what is lost, so that whole records would follow if they were not cut off.
      const lost = placed[intact.length]?.record ?? result(3);
      const [again] = await next.append("b", [lost]);
      expect((await reopened()).batches[0]?.records).toEqual([...intact, again]);
    }),
    { numRuns: 40 },
  );
});

it("removes what was never accepted", async () => {
  const storage = await open();
  await storage.writeManifest("a", lines(3));
  await mkdir(join(path, "c"));
  async function* broken() {
    yield line(1);
    throw new Error("the client has gone");
  }
  await expect(storage.writeManifest("d", broken())).rejects.toThrow("gone");
  expect((await reopened()).batches).toEqual([]);
  expect(await readdir(path)).toEqual([]);
});

it("says that the disk does not write, and writes at the same place when it does", async () => {
  const storage = await open();
  await create(storage);
  const file = join(path, "b", "journal");
  const before = await readFile(file);
  await rm(file);
  await mkdir(file);
  await expect(storage.append("b", [result(1)])).rejects.toMatchObject({
    code: "store_unavailable",
  });
  await rm(file, { recursive: true });
  await writeFile(file, before);
  const placed = await storage.append("b", [result(1)]);
  expect((await reopened()).batches[0]?.records).toEqual(placed);
  expect(faults).toEqual(["write"]);
});
