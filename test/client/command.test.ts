// The command through a service: the same files as without one.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { nodeDecoder } from "../../src/codec/node.ts";
import { RUNTIME } from "../server/device.ts";
import { type Service, startCosalServer } from "./services.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const examples = join(import.meta.dirname, "..", "..", "examples");
let service: Service;
let folder: string;

beforeAll(async () => {
  service = await startCosalServer();
  folder = await mkdtemp(join(tmpdir(), "cosal-command-"));
});
afterAll(async () => {
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

const command = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/** @throws what the command says, when it fails */
async function cosal(...args: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [command, ...args, "-q"], { cwd: folder });
}

const decoder = nodeDecoder();

/** A folder's masks by name: 0..255, row by row. */
async function masksIn(name: string): Promise<Map<string, Uint8Array>> {
  const files = (await readdir(join(folder, name))).filter((file) => file.endsWith(".png"));
  const masks = files.map(async (file) => {
    const { data } = await decoder.decode(new Uint8Array(await readFile(join(folder, name, file))));
    return [
      file,
      Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] as number),
    ] as const;
  });
  return new Map(await Promise.all(masks));
}

/** The server's threads add in another order: a level of 255, where it is rounded. */
async function expectSameMasks(here: string, there: string): Promise<void> {
  const [wanted, found] = [await masksIn(here), await masksIn(there)];
  expect([...found.keys()]).toEqual([...wanted.keys()]);
  expect(found.size).toBe(8);
  for (const [name, mask] of found) {
    const differences = mask.map((value, i) => Math.abs(value - (wanted.get(name)![i] as number)));
    expect(Math.max(...differences), name).toBeLessThanOrEqual(1);
  }
}

it("masks a set, and applies a consensus file to another", async () => {
  const [cats, raccoons] = [join(examples, "cats"), join(examples, "raccoons")];
  const server = ["--server", service.url];
  await cosal(cats, "-o", "here", "--runtime", RUNTIME);
  await cosal(cats, "-o", "there", ...server);
  await expectSameMasks("here", "there");

  const consensus = join("here", "consensus.cosal");
  await cosal("apply", consensus, raccoons, "-o", "applied", "--runtime", RUNTIME);
  await cosal("apply", consensus, raccoons, "-o", "applied-there", ...server);
  await expectSameMasks("applied", "applied-there");

  const other = await readFile(join(folder, consensus));
  other[12]! ^= 1;
  await writeFile(join(folder, "other.cosal"), other);
  await expect(cosal("apply", "other.cosal", cats, "-o", "none", ...server)).rejects.toThrow(
    /belongs to model \w+, which is not available here/,
  );
});

it("masks folders as a batch, and writes what it writes of each alone", async () => {
  const folders = ["cats", "raccoons"].map((name) => join(examples, name));
  const server = ["--server", service.url];
  await cosal("batch", "create", ...folders, "-o", "batch", ...server);
  for (const name of ["cats", "raccoons"]) {
    await cosal(join(examples, name), "-o", `alone-${name}`, ...server);
    await expectSameMasks(`alone-${name}`, join("batch", name));
    const manifest = JSON.parse(await readFile(join(folder, "batch", name, "masks.json"), "utf8"));
    expect(manifest.images).toHaveLength(8);
  }
});

it("masks what comes to a watched folder with what it has in common", async () => {
  const server = ["--server", service.url];
  const cats = (await readdir(join(examples, "cats"))).sort();
  // One before the command looks, or nearly so, and one while it does.
  const [early, late] = cats.splice(-2) as [string, string];
  const watched = join(folder, "watched");
  const put = (name: string) => copyFile(join(examples, "cats", name), join(watched, name));
  await mkdir(watched);
  await Promise.all(cats.map(put));

  const args = [command, watched, "-o", "kept-up", "--watch", "--json", ...server];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(JSON.parse(line).photograph);
    if (told.length === cats.length) await put(early);
    if (told.at(-1) === early && !told.includes(late)) await put(late);
    if (told.at(-1) === late) child.kill("SIGINT");
  }
  // Another look at the set tells of what was there as well.
  expect(told.slice(0, cats.length).sort()).toEqual(cats);
  expect(new Set(told)).toEqual(new Set([...cats, early, late]));
  expect(await ended).toEqual([0, null]);

  const consensus = join("kept-up", "consensus.cosal");
  const added = [early, late].map((name) => join(watched, name));
  await cosal("apply", consensus, ...added, "-o", "applied-alone", ...server);
  const masks = await masksIn("kept-up");
  for (const [name, mask] of await masksIn("applied-alone")) expect(masks.get(name)).toEqual(mask);
});
