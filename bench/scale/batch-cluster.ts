// `npm run bench:scale:batch:cluster [-- PHOTOGRAPHS [SECONDS [killed]]]`: one batch, masked with one
// consensus, on one server process, on three, and on three of which one after another is killed every few
// seconds, and Redis once. With `killed` only the last. The results are held against the manifest, line by
// line.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { BatchBody, BatchResultBody } from "../../src/app/schemas/batch.ts";
import { machine } from "../machine.ts";
import { enlargedExample } from "../photographs.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { formOf, PAIRS, type Photograph } from "./groups.ts";

const EXAMPLES = ["by-a-hedge", "in-a-wooden-box", "on-a-rock", "on-a-waste-bin", "under-a-sign"];
const count = Number(process.argv[2] ?? 1000);
const killInterval = 1000 * Number(process.argv[3] ?? 8);
const RUNS = [
  { servers: 1, isKilling: false },
  { servers: 3, isKilling: false },
  { servers: 3, isKilling: true },
].filter(({ isKilling }) => isKilling || process.argv[4] !== "killed");

const files: Photograph[] = [];
for (let i = 0; i < count; i++) {
  const example = `cats/${EXAMPLES[i % EXAMPLES.length]}.jpg`;
  const bytes = await enlargedExample(example, 128, 96, undefined, undefined, i + 2);
  files.push({ name: `${i}.jpg`, bytes: new Uint8Array(bytes) });
}
const manifest = files.map(({ name, bytes }) => ({
  id: name,
  sha256: createHash("sha256").update(bytes).digest("hex"),
}));

/** Sends until it is answered, as a client does. */
async function send({ url }: Cluster, path: string, init?: () => RequestInit): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      const response = await fetch(url + path, init?.());
      if (response.status < 500) return response;
      await response.body?.cancel();
      if (tries > 200) throw new Error(`${path}: ${response.status}`);
    } catch (error) {
      if (tries > 200) throw error;
    }
    await sleep(200);
  }
}

interface Row {
  readonly servers: number;
  readonly kills: number;
  readonly perSecond: number;
  readonly memory: readonly [early: number, late: number];
  readonly lost: number;
  readonly repeated: number;
  readonly wrong: number;
}

async function run(servers: number, isKilling: boolean): Promise<Row> {
  const cluster = await startCluster(servers);
  const learn = () => ({ method: "POST", body: formOf(PAIRS[0] as readonly Photograph[]) });
  const { id: consensus } = (await (await send(cluster, "/v1/groups", learn)).json()) as BatchBody;
  for (let at = 0; at < count; at += 16) {
    await Promise.all(
      files.slice(at, at + 16).map(({ bytes }, k) =>
        send(cluster, `/v1/images/${manifest[at + k]?.sha256}`, () => ({
          method: "PUT",
          body: bytes,
        })),
      ),
    );
  }
  const began = performance.now();
  const key = crypto.randomUUID();
  const created = await send(cluster, `/v1/batches?consensus=${consensus}&parallelism=2`, () => ({
    method: "POST",
    headers: { "content-type": "application/jsonl", "idempotency-key": key },
    body: manifest.map((line) => JSON.stringify(line)).join("\n"),
  }));
  if (created.status !== 202) throw new Error(await created.text());
  let batch = (await created.json()) as BatchBody;
  let [kills, nextKill, isRedisKilled] = [0, began + killInterval, false];
  const memory: { readonly done: number; readonly mebibytes: number }[] = [];
  while (batch.status !== "completed") {
    await sleep(500);
    batch = (await (await send(cluster, batch.links.self)).json()) as BatchBody;
    const done = batch.counts.succeeded + batch.counts.failed;
    memory.push({ done, mebibytes: Math.max(...cluster.members.map(({ pid }) => resident(pid))) });
    if (!isKilling || performance.now() < nextKill) continue;
    nextKill = performance.now() + killInterval;
    if (!isRedisKilled && done > count / 2) {
      isRedisKilled = true;
      await cluster.redis.kill();
      await cluster.redis.start(true);
      continue;
    }
    const up = cluster.members.filter(({ isUp }) => isUp);
    const member = up[Math.floor(Math.random() * up.length)];
    if (up.length < 2 || member === undefined) continue;
    await member.kill();
    kills++;
    void member.start();
  }
  const perSecond = count / ((performance.now() - began) / 1000);
  const text = await (await send(cluster, batch.links.results)).text();
  const results = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as BatchResultBody);
  const lines = new Set(results.map(({ line }) => line));
  const wrong = manifest.filter(
    ({ id, sha256 }, i) =>
      results[i]?.id !== id || results[i]?.sha256 !== sha256 || results[i]?.status !== "succeeded",
  );
  await cluster.stop();
  const largest = (share: number) =>
    Math.max(0, ...memory.filter(({ done }) => done <= share * count).map((one) => one.mebibytes));
  return {
    ...{ servers, kills, perSecond, memory: [largest(0.25), largest(1)] },
    ...{ lost: count - lines.size, repeated: results.length - lines.size, wrong: wrong.length },
  };
}

/** MiB of a process. */
function resident(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

console.log(machine());
console.log(`
${count} photographs as one batch, masked with one consensus

servers  killed  photographs/s  to one  MiB, first quarter  to the end   lost  repeated  wrong`);
let one: number | undefined;
for (const { servers, isKilling } of RUNS) {
  const row = await run(servers, isKilling);
  if (servers === 1) one = row.perSecond;
  const cells = [
    ...[
      row.servers,
      row.kills,
      row.perSecond.toFixed(1),
      one === undefined ? "" : (row.perSecond / one).toFixed(2),
    ],
    ...[...row.memory, row.lost, row.repeated, row.wrong],
  ];
  const widths = [7, 8, 15, 8, 20, 12, 7, 10, 7];
  console.log(cells.map((cell, i) => String(cell).padStart(widths[i] ?? 0)).join(""));
  if (row.lost + row.repeated + row.wrong > 0) process.exitCode = 1;
}
