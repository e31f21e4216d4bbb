import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { Journal, type MaskEntry } from "./journal.ts";

const folder = await mkdtemp(join(tmpdir(), "cosal-journal-"));
afterAll(() => rm(folder, { recursive: true }));
const source = join(folder, "a.jpg");
await writeFile(source, "photograph");
await writeFile(join(folder, "a.png"), "mask");
const { mtimeMs } = await import("node:fs/promises").then(({ stat }) => stat(source));

const entry = (photograph: string): MaskEntry => ({
  ...{ photograph, width: 1, height: 1, coverage: 0, box: null, presence: 1 },
  ...{ files: { png: "a.png" }, bytes: 10, modified: mtimeMs },
});

it("knows after a crash what was done, and writes over the line that was cut", async () => {
  await Journal.open(folder, "key", false).then(async (journal) => {
    await journal.add(entry("é"));
    await journal.add(entry("b"));
    await journal[Symbol.asyncDispose]();
  });
  await appendFile(join(folder, ".cosal-journal.jsonl"), '{"photograph":"c","wid');
  await using journal = await Journal.open(folder, "key", false);
  expect(await journal.find("é", folder, source)).toEqual(entry("é"));
  expect(await journal.find("c", folder, source)).toBeUndefined();
  await journal.add(entry("d"));
  const names = ["b", "c", "d", "é"].map((name) => ({ name }));
  expect((await Array.fromAsync(journal.entries(names))).map((one) => one.photograph)).toEqual([
    ...["b", "d", "é"],
  ]);
  expect(await readFile(join(folder, ".cosal-journal.jsonl"), "utf8")).not.toContain("wid\n");
});

it("does again what has changed, has lost a file, or depended on something else", async () => {
  const reopened = async (key: string, force = false) => {
    await using journal = await Journal.open(folder, key, force);
    const found = await journal.find("b", folder, source);
    await journal.add(entry("b"));
    return found !== undefined;
  };
  expect(await reopened("key")).toBe(true);
  expect(await reopened("another")).toBe(false);
  expect(await reopened("another")).toBe(true);
  expect(await reopened("another", true)).toBe(false);
  await rm(join(folder, "a.png"));
  expect(await reopened("another")).toBe(false);
});
