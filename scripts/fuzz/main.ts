// `npm run fuzz [-- RUNS [SEED]]`: requests made from the OpenAPI document, and multipart bodies that
// were tampered with, against the Worker in workerd. Ends with 1 at the first answer that must not be,
// and with the smallest request that gets it. Prints what was answered, how long it took, and the
// memory of the isolate, garbage collected.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { MEMORY_HEAD, memoryRow, startWorker } from "../../bench/edge/isolate.ts";
import { machine } from "../../bench/machine.ts";
import { check, type Send } from "./check.ts";
import { known } from "./known.ts";
import { type OpenApi, requests } from "./requests.ts";

const [runs = 10_000, seed = Date.now() & 0x7fffffff] = process.argv.slice(2).map(Number);
const FIXTURES = join(import.meta.dirname, "..", "..", "test", "fixtures", "images");

const files: Uint8Array<ArrayBuffer>[] = [];
for (const name of (await readdir(FIXTURES)).sort()) {
  files.push(Uint8Array.from(await readFile(join(FIXTURES, name))));
}
const worker = await startWorker();
const send: Send = ({ method, path, headers, body }, signal) =>
  fetch(worker.origin + path, {
    method,
    headers,
    signal,
    redirect: "manual",
    ...(body && { body }),
  });

const statuses = new Map<number, number>();
const document = (await (await fetch(`${worker.origin}/openapi.json`)).json()) as OpenApi;
const there = await known(files, send);
let done = 0;
let slowest = 0;
console.log(`${machine()}\n\n${runs} requests, seed ${seed}; MiB\n\n    done${MEMORY_HEAD}`);
const result = await fc.check(
  fc.asyncProperty(requests(document, there), async (request) => {
    const began = performance.now();
    const status = await check(request, send);
    slowest = Math.max(slowest, performance.now() - began);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (++done % Math.ceil(runs / 10) !== 0) return;
    console.log(`${String(done).padStart(8)}${memoryRow(await worker.sample(true))}`);
  }),
  { numRuns: runs, seed },
);
await worker.stop();
const counts = [...statuses].sort(([a], [b]) => a - b);
console.log(`\nanswers: ${counts.map(([status, count]) => `${status}: ${count}`).join(", ")}`);
console.log(`slowest answer: ${slowest.toFixed(0)} ms`);
if (result.failed) {
  console.error(fc.defaultReportMessage(result), result.errorInstance);
  process.exitCode = 1;
}
