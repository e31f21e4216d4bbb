// Processes that are killed while they write, and files that are damaged between them. With
// COSAL_CRASHES=40 as many as 200 writes of each kind are cut short.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { type DiskJobs, diskJobs } from "../../src/server/jobs/disk-jobs.ts";
import { openDataFolder } from "../../src/server/storage/data-folder.ts";
import { serverStores } from "../../src/server/storage/stores.ts";
import { type Promised, random } from "./crash/promises.ts";

// Each life starts a process, on a machine that may be busy.
vi.setConfig({ testTimeout: 1_800_000 });

const WRITER = fileURLToPath(new URL("crash/writer.ts", import.meta.url));
const LIVES = Number(process.env.COSAL_CRASHES ?? 4);

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Lets a process write, kills it at random, and says what it had promised. */
async function life(path: string, seed: number, next: () => number): Promise<Promised[]> {
  const writer = spawn(process.execPath, [WRITER, path, String(seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const promised: Promised[] = [];
  const last = 1 + Math.floor(next() * 30);
  let isKilled = false;
  for await (const line of createInterface({ input: writer.stdout })) {
    if (line === "ready") continue;
    promised.push(JSON.parse(line));
    if (promised.length < last || isKilled) continue;
    isKilled = true;
    setTimeout(() => writer.kill("SIGKILL"), next() * 8);
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
  expect(writer.signalCode).toBe("SIGKILL");
  return promised;
}

/** Damages a file that is stored, and says which. */
async function damageOne(path: string, next: () => number): Promise<string | undefined> {
  const entries = await readdir(join(path, "2"), { recursive: true, withFileTypes: true });
  const files = entries.filter(
    (entry) =>
      entry.isFile() &&
      /images|groups|jobs/.test(entry.parentPath) &&
      !entry.parentPath.includes(".unfinished"),
  );
  const chosen = files[Math.floor(next() * files.length)];
  if (chosen === undefined) return undefined;
  const file = join(chosen.parentPath, chosen.name);
  const bytes = await readFile(file);
  const place = Math.floor(next() * bytes.length);
  const isTorn = next() < 0.5;
  await writeFile(file, isTorn ? bytes.subarray(0, place) : bytes.fill(0, place));
  return file;
}

async function ended(jobs: DiskJobs, id: string) {
  const signal = AbortSignal.timeout(60_000);
  const events = await Array.fromAsync((await jobs.events("", id, 0, signal))!);
  expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1));
  return jobs.get("", id);
}

it("keeps every promise, and counts what the disk has lost", async () => {
  const next = random(11);
  const path = await mkdtemp(join(tmpdir(), "cosal-crash-"));
  const kept = new Map<string, Promised>();
  const totals = { image: 0, group: 0, job: 0, damaged: 0, faults: {} as Record<string, number> };
  for (let i = 0; i < LIVES; i++) {
    for (const promised of await life(path, 1000 + i, next)) {
      kept.set(promised.name, promised);
      totals[promised.kind]++;
    }
    const damaged = i % 2 === 1 ? await damageOne(path, next) : undefined;
    const faults: string[] = [];
    const folder = await openDataFolder(path, 64 * 2 ** 20, "");
    const stores = await serverStores({
      folder,
      onFault: (store) => (fault) => faults.push(`${store} ${fault}`),
    });
    const jobs = await diskJobs({
      ...folder.jobs,
      run: async () => {},
      onFault: (fault) => faults.push(`jobs ${fault}`),
    });
    const { groups, images } = stores.of("");
    for (const { kind, name, image } of kept.values()) {
      if (kind === "image") {
        const bytes = await images.get(name);
        if (bytes !== undefined) expect(digest(bytes)).toBe(name);
        else expect([damaged && basename(damaged), "lost"]).toEqual([name, "lost"]);
      }
      if (kind === "group") {
        const result = await groups.result(name);
        const mask = await groups.mask(name, image!);
        const consensus = await groups.consensus(name);
        for (const bytes of [mask, consensus]) if (bytes) expect(digest(bytes)).toBe(name);
        const isWhole = result && mask && consensus && (await groups.isComplete(result));
        if (!isWhole) expect(damaged).toContain(`groups/shared/${name}`);
      }
      if (kind === "job") {
        if ((await jobs.get("", name)) === undefined) expect(damaged).toContain(name);
        else expect(await ended(jobs, name)).toMatchObject({ status: "succeeded" });
      }
    }
    for (const name of ["images", "groups", "features"]) {
      expect(await readdir(join(path, "2", name, ".unfinished"))).toEqual([]);
    }
    // What is damaged was promised, or cut short by the kill: read, it is counted.
    const lost = [...kept.values()].find(({ name }) => damaged?.includes(name));
    if (lost !== undefined) {
      totals.damaged++;
      expect(faults.some((fault) => /damaged|torn/.test(fault))).toBe(true);
    }
    // Who comes again with what is lost finds it missing, and nothing else is.
    for (const [name, promised] of kept) {
      if (promised === lost && promised.kind !== "job") kept.delete(name);
      if (promised.kind === "job" && (await jobs.get("", name)) === undefined) kept.delete(name);
    }
    for (const fault of faults) totals.faults[fault] = (totals.faults[fault] ?? 0) + 1;
    await jobs.stop();
    stores.close();
    folder.close();
  }
  expect(Math.min(totals.image, totals.group, totals.job)).toBeGreaterThan(0);
  if (LIVES > 10) console.info(`${LIVES} processes killed: ${JSON.stringify(totals)}`);
  await rm(path, { recursive: true });
});
