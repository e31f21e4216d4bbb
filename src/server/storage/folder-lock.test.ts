import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FolderInUse, lockFolder } from "./folder-lock.ts";

const MODULE = new URL("folder-lock.ts", import.meta.url);

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "cosal-lock-"));
});
afterEach(() => rm(path, { recursive: true }));

/** A process that holds the folder until it is killed. */
async function holder() {
  const program = `
    const { lockFolder } = await import(${JSON.stringify(MODULE.href)});
    await lockFolder(${JSON.stringify(path)}, "http://127.0.0.1:8788");
    console.log("held");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

it("is one process's alone, which others are told of, until that ends in whatever way", async () => {
  const child = await holder();
  const refused = await lockFolder(path, "http://127.0.0.1:8789").catch((error) => error);
  expect(refused).toBeInstanceOf(FolderInUse);
  expect(refused.message).toContain(path);
  expect(refused.message).toContain(`http://127.0.0.1:8788 (process ${child.pid} on ${hostname()}`);
  expect(refused.message).toContain("--data");
  child.kill("SIGKILL");
  await once(child, "exit");
  (await lockFolder(path, ""))();
});

it("is one server's alone within a process too, and can be given back", async () => {
  const unlock = await lockFolder(path, "");
  await expect(lockFolder(path, "")).rejects.toThrow(FolderInUse);
  unlock();
  unlock();
  const again = await lockFolder(path, "");
  await expect(lockFolder(path, "")).rejects.toThrow(FolderInUse);
  again();
});
