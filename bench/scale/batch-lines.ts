// `npm run bench:scale:batch:lines [-- --lines 1000000] [--group 8] [--fail 2] [--redis]`: what
// a batch of very many lines costs beside the masks. Batches, disk storage and API are the server's; the work units are computed
// by a fake, which needs no time, so that only the keeping of the batch is measured. One client follows the
// events from the beginning to the end. Then the results are read twice, a process' start is repeated, and
// each line must have had one result. With --fail, each so many lines fail first, and are retried. With --redis
// the batch lies in a Redis of its own, as that of several servers does.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createApp, type LineResult, localBatches, type RunUnit } from "../../src/app/index.ts";
import type { BatchBody } from "../../src/app/schemas/batch.ts";
import { diskBatchStorage } from "../../src/server/batches/disk-batch-storage.ts";
import { clusterBatchStorage } from "../../src/server/cluster/batch-storage.ts";
import { ClusterConnection } from "../../src/server/cluster/connection.ts";
import { batchLimits, CLUSTER_BATCH_BYTES, serverLimits } from "../../src/server/limits.ts";
import { fakeBucket } from "../../test/fake-bucket.ts";
import { fakeHost } from "../../test/fakes.ts";
import { startRedis } from "../../test/server/redis.ts";
import { machine } from "../machine.ts";

const { values } = parseArgs({
  options: {
    lines: { type: "string", default: "1000000" },
    group: { type: "string", default: "8" },
    fail: { type: "string", default: "0" },
    redis: { type: "boolean", default: false },
  },
});
const [LINES, GROUP, FAIL] = [values.lines, values.group, values.fail].map(Number) as [
  number,
  number,
  number,
];
let isFirst = true;
const MEBIBYTE = 2 ** 20;
const BYTES = values.redis ? CLUSTER_BATCH_BYTES : 4096 * MEBIBYTE;

const path = await mkdtemp(join(tmpdir(), "cosal-batch-lines-"));
const redis = values.redis ? await startRedis() : undefined;
console.log(machine());
console.log(`${LINES} lines, ${GROUP} a group; resident size in MiB, at the end of each step\n`);
try {
  await measure();
} finally {
  await redis?.stop();
  await rm(path, { recursive: true, force: true });
}

async function open() {
  const { dependencies } = fakeHost({
    batchBucket: () => fakeBucket({}).bucket,
    limits: serverLimits("wasm"),
  });
  const connection =
    redis && (await ClusterConnection.open({ url: redis.url, onError: console.error }));
  const storage = connection
    ? clusterBatchStorage(connection, BYTES)
    : await diskBatchStorage({ path, bytes: BYTES });
  const limits = batchLimits(BYTES);
  const batches = await localBatches({ storage, limits, run: (_, lines) => fake(lines) });
  const app = createApp({ ...dependencies, batches });
  return {
    request: (url: string, init?: RequestInit) => app.request(url, init),
    async stop() {
      await batches.stop();
      connection?.close();
    },
  };
}

async function measure(): Promise<void> {
  const { request, stop } = await open();
  let begun = performance.now();
  const step = (name: string, lines: number) => {
    const seconds = (performance.now() - begun) / 1000;
    begun = performance.now();
    const resident = Math.round(process.memoryUsage().rss / MEBIBYTE);
    const rate = Math.round(lines / seconds);
    console.log(
      `${name.padEnd(28)} ${seconds.toFixed(1).padStart(7)} s ${String(rate).padStart(8)} lines/s ${String(resident).padStart(6)}`,
    );
  };
  step("start", 0);
  const response = await request("/v1/batches?parallelism=4", {
    method: "POST",
    headers: { "content-type": "application/jsonl" },
    body: manifest(),
    duplex: "half",
  } as RequestInit);
  if (response.status !== 202) throw new Error(await response.text());
  const batch = (await response.json()) as BatchBody;
  step("manifest taken", LINES);

  const told = new Uint8Array(LINES);
  const follow = async (what: string) => {
    let count = 0;
    for await (const event of linesOf(await request(batch.links.events), "data: ")) {
      const { line, status } = event as { line?: number; status: string };
      if (line === undefined || status === "failed") continue;
      tell(told, line);
      count++;
      if (count % (LINES / 10) === 0) step(`${what}, ${(100 * count) / LINES} %`, LINES / 10);
    }
  };
  await follow("computed");
  if (FAIL > 0) {
    isFirst = false;
    await request(`${batch.links.self}/retry`, { method: "POST" });
    told.fill(0);
    await follow("retried and told again");
  }
  const state = (await (await request(batch.links.self)).json()) as BatchBody;
  if (state.counts.succeeded !== LINES || told.includes(0)) throw new Error("not all was told");

  for (const order of ["manifest", "done"]) {
    const found = new Uint8Array(LINES);
    let last = 0;
    for await (const result of linesOf(await request(`${batch.links.results}?order=${order}`))) {
      const { line } = result as { line: number };
      if (order === "manifest" && line !== last + 1) throw new Error(`${line} follows ${last}`);
      last = line;
      tell(found, line);
    }
    if (found.includes(0)) throw new Error("a line has no result");
    step(`results, order=${order}`, LINES);
  }
  await stop();
  const next = await open();
  step("next start", LINES);
  const after = (await (await next.request(batch.links.self)).json()) as BatchBody;
  if (after.counts.succeeded !== LINES) throw new Error("results are lost");
  await next.stop();
}

/** Notes a line's result. @throws if it has one */
function tell(told: Uint8Array, line: number): void {
  if (told[line - 1] !== 0) throw new Error(`line ${line} was told twice`);
  told[line - 1] = 1;
}

/** Results that look like those of photographs, at random times. */
async function* fake(lines: Parameters<RunUnit>[1]): AsyncGenerator<LineResult> {
  for (const line of lines) {
    while (Math.random() < 0.5) await turn();
    if (isFirst && line.line % FAIL === 0) {
      yield { ...line, problem: { code: "images_missing", detail: "It is no longer stored." } };
      continue;
    }
    const sha256 = line.line.toString(16).padStart(64, "0");
    const facts = { width: 1600, height: 1200, coverage: 0.1742, presence: 0.9781 };
    yield {
      ...line,
      result: sha256,
      image: { sha256, ...facts, box: [32, 23, 132, 147], confidence: 0.8412 },
    };
  }
}

function manifest(): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let line = 0;
  return new ReadableStream({
    pull(controller) {
      if (line === LINES) return controller.close();
      let text = "";
      for (const end = Math.min(LINES, line + 500); line < end; line++) {
        const group = `group-${Math.floor(line / GROUP)}`;
        text += `${JSON.stringify({ key: `shop/${group}/${line}.jpg`, group })}\n`;
      }
      controller.enqueue(encoder.encode(text));
    },
  });
}

async function* linesOf(response: Response, prefix = ""): AsyncGenerator<unknown> {
  if (response.body === null) return;
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines)
      if (line.startsWith(prefix)) yield JSON.parse(line.slice(prefix.length));
  }
}
