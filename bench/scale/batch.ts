// `npm run bench:scale:batch [-- --photographs 10000] [--groups 8] [--kill 20] [--runtime native]`: one
// batch on one server that is killed (SIGKILL) at random meanwhile, and started again. The results are
// held against the manifest line by line, and the journal is looked through for lines with two results.
//
// Photographs are examples/ at 128 x 96 pixels, each with a grain of its own. One in 200 is cut off in the
// middle: its line has to fail by name. Without --groups all are masked with one consensus, learnt from
// five; with it, each so many are a group.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { BatchRecord } from "../../src/app/index.ts";
import type { BatchBody, BatchResultBody } from "../../src/app/schemas/batch.ts";
import { readLines } from "../../src/server/batches/line-file.ts";
import { machine } from "../machine.ts";
import { enlargedExample } from "../photographs.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const EXAMPLES = ["by-a-hedge", "in-a-wooden-box", "on-a-rock", "on-a-waste-bin", "under-a-sign"];

const { values } = parseArgs({
  options: {
    photographs: { type: "string", default: "300" },
    groups: { type: "string", default: "0" },
    kill: { type: "string", default: "20" },
    runtime: { type: "string", default: "native" },
  },
});
const [COUNT, GROUP, KILL] = [values.photographs, values.groups, values.kill].map(Number) as [
  number,
  number,
  number,
];

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const data = await mkdtemp(join(tmpdir(), "cosal-batch-"));
let server: ChildProcess | undefined;

console.log(machine());
process.once("exit", () => server?.kill("SIGKILL"));
try {
  await measure();
} finally {
  server?.kill("SIGKILL");
  await rm(data, { recursive: true, force: true });
}

interface Line {
  readonly id: string;
  readonly sha256: string;
  readonly group?: string;
}

async function measure(): Promise<void> {
  await start();
  const learnt = GROUP > 0 ? undefined : await learn();
  const manifest = await upload();
  const begun = Date.now();
  let batch = await create(manifest, learnt);
  const { id } = batch;
  const memory: { readonly done: number; readonly mib: number }[] = [];
  let kills = 0;
  let away = 0;
  let nextKill = Date.now() + killDelay();
  while (batch.status !== "completed") {
    await sleep(500);
    if (Date.now() > nextKill) {
      const killed = Date.now();
      await stop();
      kills++;
      await start();
      away += Date.now() - killed;
      nextKill = Date.now() + killDelay();
    }
    batch = (await (await fetch(`${url}/v1/batches/${id}`)).json()) as BatchBody;
    memory.push({ done: batch.counts.succeeded + batch.counts.failed, mib: await resident() });
  }
  const seconds = (Date.now() - begun) / 1000;
  const faults = await compare(manifest, batch);
  const rates = `${(COUNT / seconds).toFixed(1)} a second, ${(COUNT / (seconds - away / 1000)).toFixed(1)} while a server was there`;
  const at = (share: number) =>
    Math.max(...memory.filter(({ done }) => done <= share * COUNT).map(({ mib }) => mib), 0);
  console.table({
    photographs: COUNT,
    "killed, times": kills,
    seconds: Number(seconds.toFixed(0)),
    photographs_a_second: rates,
    "machine time told, s": Number((batch.compute_milliseconds / 1000).toFixed(0)),
    "server's memory up to a tenth, MiB": Math.round(at(0.1)),
    "up to a half, MiB": Math.round(at(0.5)),
    "up to the end, MiB": Math.round(at(1)),
    "bytes of batch for a photograph": Math.round((await bytesOfBatch(id)) / COUNT),
    ...faults,
  });
  const wrong = Object.values(faults).reduce((sum, count) => sum + count, 0);
  if (wrong > 0) process.exitCode = 1;
}

/** Line by line; everything that is not 0 is wrong. */
async function compare(
  manifest: readonly Line[],
  { id, links }: BatchBody,
): Promise<Record<string, number>> {
  const text = await (await fetch(url + links.results)).text();
  const results = text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as BatchResultBody);
  let [misplaced, failedWrongly, filesAbsent] = [0, 0, 0];
  for (const [i, { id, sha256 }] of manifest.entries()) {
    const result = results[i];
    if (result?.line !== i + 1 || result.id !== id || result.sha256 !== sha256) misplaced++;
    const isRight = isDamaged(i)
      ? result?.code === "image_undecodable"
      : result?.code === undefined;
    if (!isRight) failedWrongly++;
    if (i % 50 !== 0 || result?.files?.png === undefined) continue;
    const file = await fetch(url + result.files.png.url);
    if (file.status !== 200 || (await file.arrayBuffer()).byteLength < 60) filesAbsent++;
  }
  const written = new Map<number, number>();
  const journal = join(data, "2", "batches", id, "journal");
  for await (const { value } of readLines(journal, 0, (await stat(journal)).size)) {
    const record = value as BatchRecord;
    if (!("result" in record)) continue;
    const { line } = record.result;
    written.set(line, (written.get(line) ?? 0) + 1);
  }
  return {
    "lines without a result": manifest.length - written.size,
    "lines with two results": [...written.values()].filter((count) => count > 1).length,
    "results more or fewer than lines": Math.abs(results.length - manifest.length),
    "results of another photograph": misplaced,
    "failed without a reason, or not failed": failedWrongly,
    "masks that cannot be had, of every 50th": filesAbsent,
  };
}

function isDamaged(i: number): boolean {
  return i % 200 === 117;
}

/** Stores the photographs, as the manifest names them. */
async function upload(): Promise<Line[]> {
  const manifest: Line[] = [];
  for (let at = 0; at < COUNT; at += 16) {
    const several = Array.from({ length: Math.min(16, COUNT - at) }, (_, k) => at + k);
    manifest.push(
      ...(await Promise.all(
        several.map(async (i) => {
          const example = `cats/${EXAMPLES[i % EXAMPLES.length]}.jpg`;
          const whole = await enlargedExample(example, 128, 96, undefined, undefined, i + 2);
          const file = isDamaged(i) ? whole.slice(0, whole.length / 2) : whole;
          const sha256 = createHash("sha256").update(file).digest("hex");
          const response = await fetch(`${url}/v1/images/${sha256}`, { method: "PUT", body: file });
          if (!response.ok) throw new Error(await response.text());
          const group = GROUP > 0 ? { group: `group ${Math.floor(i / GROUP)}` } : {};
          return { id: `${i}.jpg`, sha256, ...group };
        }),
      )),
    );
  }
  return manifest;
}

/** @returns a group, whose consensus masks all others */
async function learn(): Promise<string> {
  const form = new FormData();
  for (const name of EXAMPLES) {
    const file = await readFile(join(ROOT, "examples", "cats", `${name}.jpg`));
    form.append("image", new Blob([new Uint8Array(file)]), `${name}.jpg`);
  }
  const response = await fetch(`${url}/v1/groups`, { method: "POST", body: form });
  return ((await response.json()) as { readonly id: string }).id;
}

async function create(
  manifest: readonly Line[],
  consensus: string | undefined,
): Promise<BatchBody> {
  const query = consensus === undefined ? "" : `?consensus=${consensus}`;
  const response = await fetch(`${url}/v1/batches${query}`, {
    method: "POST",
    headers: { "content-type": "application/jsonl" },
    body: manifest.map((line) => `${JSON.stringify(line)}\n`).join(""),
  });
  if (response.status !== 202) throw new Error(await response.text());
  return (await response.json()) as BatchBody;
}

async function start(): Promise<void> {
  const args = ["--runtime", values.runtime, "--port", String(port), "--data", data];
  server = spawn(process.execPath, [join(ROOT, "src", "server", "main.ts"), ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await isReady())) {
    if (server.exitCode !== null) throw new Error("the server has ended by itself");
    await sleep(100);
  }
}

async function stop(): Promise<void> {
  if (server === undefined || server.exitCode !== null) throw new Error("the server has ended");
  server.kill("SIGKILL");
  await once(server, "exit");
}

/** Milliseconds until the next time that the server is killed. */
function killDelay(): number {
  return KILL === 0 ? Number.POSITIVE_INFINITY : 1000 * KILL * (0.25 + 1.5 * Math.random());
}

/** MiB of the server's process. */
async function resident(): Promise<number> {
  const status = await readFile(`/proc/${server?.pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}

async function bytesOfBatch(id: string): Promise<number> {
  const folder = join(data, "2", "batches", id);
  const files = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))));
  return files.reduce((sum, { size }) => sum + size, 0);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}
