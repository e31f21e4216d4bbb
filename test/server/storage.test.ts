import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { GroupBody, JobBody, Problem } from "../../src/app/index.ts";
import { SOON } from "./device.ts";
import { type Photograph, photographs, type Running, start, startsServers } from "./servers.ts";

const mounts: string[] = [];
afterEach(async () => {
  for (const path of mounts.splice(0)) {
    execFileSync("umount", ["-l", path]);
    await rm(path, { recursive: true });
  }
});
// Last, so that servers stop before their disks go: hooks run in reverse.
startsServers();

/** A disk of so many MiB, where this process may make one. */
async function disk(size: number): Promise<string | undefined> {
  const path = await mkdtemp(join(tmpdir(), "cosal-disk-"));
  try {
    const options = ["-t", "tmpfs", "-o", `size=${size}m`, "tmpfs", path];
    execFileSync("mount", options, { stdio: "ignore" });
    mounts.push(path);
    return path;
  } catch {
    await rm(path, { recursive: true });
    return undefined;
  }
}

const group = async (response: Response | Promise<Response>) => {
  expect((await response).status).toBe(200);
  return (await (await response).json()) as GroupBody;
};
const outcome = async (response: Response) => [
  response.status,
  ((await response.json()) as Problem).code,
];
const put = ({ url }: Running, { bytes }: Photograph) => {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return fetch(`${url}/v1/images/${sha256}`, { method: "PUT", body: bytes });
};
const readiness = async ({ url }: Running) => {
  const response = await fetch(`${url}/readyz`);
  const body = (await response.json()) as { status: string; storage: { reason: string }[] };
  return [response.status, body.status, body.storage[0]!.reason];
};
const addresses = ({ id, images }: GroupBody) => [
  `/v1/groups/${id}`,
  `/v1/groups/${id}/consensus`,
  ...images.map(({ mask }) => mask.url),
  ...images.map(({ sha256 }) => `/v1/images/${sha256}`),
];
const statuses = ({ url }: Running, paths: readonly string[]) =>
  Promise.all(paths.map(async (path) => (await fetch(url + path)).status));

/** All files of what is stored. */
async function stored(data: string): Promise<string[]> {
  const entries = await readdir(join(data, "2"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("lock"))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Writes until there is no room. */
async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (let size = 1 << 20; size >= 1; size >>= 1) {
      await file.writeFile(new Uint8Array(size)).then(
        () => (size <<= 1),
        () => {},
      );
    }
  } finally {
    await file.close();
  }
}

const mounted = await disk(64);

describe.skipIf(mounted === undefined)("a disk that takes nothing", () => {
  it("costs no result: what has to be kept is refused by name, and /readyz tells", async () => {
    const data = join(mounted!, "data");
    const server = await start({ data });
    const [first, second, third] = await photographs("cats", 0, 3);
    expect(await readiness(server)).toEqual([200, "ready", "it takes files"]);
    await fill(join(mounted!, "ballast"));
    const { url, metric } = server;
    const body = await group(server.post([first!, second!]));
    const results = addresses(body).slice(0, 4);
    expect(await statuses(server, results)).toEqual([200, 200, 200, 200]);
    expect((await group(server.post([second!, first!]))).cache).toBe("hit");
    expect(await outcome(await put(server, third!))).toEqual([507, "store_full"]);
    const headers = { prefer: "respond-async" };
    const job = await server.post([third!, first!], { headers });
    expect(await outcome(job)).toEqual([507, "store_full"]);
    expect(job.headers.get("retry-after")).toBe("60");
    await expect.poll(() => readiness(server), SOON).toEqual([200, "degraded", "the disk is full"]);
    expect(await metric('cosal_store_faults_total{store="groups",fault="write"}')).toBeGreaterThan(
      0,
    );
    expect(await metric('cosal_store_bytes{kind="groups"}')).toBe(0);
    const left = (await stored(data)).filter((file) => file.includes(".unfinished"));
    expect(left).toEqual([]);
    // Room again: what waited in memory is written with the next result.
    await rm(join(mounted!, "ballast"));
    await group(server.post([first!, third!]));
    await expect.poll(async () => (await stored(data)).join(), SOON).toContain(body.id);
    await expect.poll(() => readiness(server), SOON).toEqual([200, "ready", "it takes files"]);
    expect((await put(server, third!)).status).toBe(200);

    // The folder over itself, to be read only.
    const folder = join(data, "2");
    execFileSync("mount", ["--bind", folder, folder]);
    execFileSync("mount", ["-o", "remount,bind,ro", folder]);
    expect(await statuses(server, results)).toEqual([200, 200, 200, 200]);
    await group(server.post([third!, second!]));
    const [fourth] = await photographs("hats", 0, 1);
    expect(await outcome(await put(server, fourth!))).toEqual([503, "store_unavailable"]);
    await expect.poll(async () => (await readiness(server))[1], SOON).toBe("degraded");
    const removal = await fetch(`${url}/v1/groups/${body.id}`, { method: "DELETE" });
    expect(await outcome(removal)).toEqual([503, "store_unavailable"]);
    expect(await statuses(server, results)).toEqual([200, 200, 200, 200]);
    execFileSync("umount", ["-l", folder]);
    const again = await fetch(`${url}/v1/groups/${body.id}`, { method: "DELETE" });
    expect(again.status).toBe(204);
    expect(await statuses(server, results)).toEqual([404, 404, 404, 404]);
  });
});

const damages: Readonly<Record<string, (file: Buffer) => Buffer>> = {
  "second halves are zeros": (file) => Buffer.from(file).fill(0, file.length >> 1),
  "ends are missing": (file) => file.subarray(0, Math.floor((2 * file.length) / 3)),
};

describe.each(Object.entries(damages))("files whose %s", (_, damaged) => {
  it("count as absent, are counted, and are written anew", async () => {
    const first = await start();
    const cats = await photographs("cats", 0, 2);
    const body = await group(first.post(cats));
    const hats = await photographs("hats", 0, 2);
    const headers = { prefer: "respond-async" };
    const sent = await first.post(hats, { headers });
    const job = (await sent.json()) as JobBody;
    const jobStatus = async ({ url }: Running) =>
      (await fetch(url + job.links.self)).json() as Promise<JobBody>;
    await expect.poll(async () => (await jobStatus(first)).status, SOON).toBe("succeeded");
    await first.stop(0);
    for (const file of await stored(first.data)) {
      await writeFile(file, damaged(await readFile(file)));
    }
    const server = await start({ data: first.data });
    const paths = addresses(body);
    for (let time = 0; time < 2; time++) {
      for (const status of await statuses(server, paths)) expect(status).toBe(404);
    }
    expect((await group(server.post(cats))).cache).toBe("miss");
    for (const status of await statuses(server, paths)) expect(status).toBe(200);
    const fault = (store: string, kind: string) =>
      server.metric(`cosal_store_faults_total{store="${store}",fault="${kind}"}`);
    expect(await fault("groups", "damaged")).toBeGreaterThan(0);
    expect(await fault("images", "damaged")).toBeGreaterThan(0);
    expect(await fault("features", "damaged")).toBeGreaterThan(0);
    expect(await fault("jobs", "torn")).toBe(1);
    // The job is known by its first line and is begun again, but its photographs are gone.
    const ended = async () => (await jobStatus(server)).problem?.code;
    await expect.poll(ended, SOON).toBe("image_expired");
  });
});
