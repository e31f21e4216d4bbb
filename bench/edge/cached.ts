// `npm run bench:edge [-- ROUNDS]`: what a cached GET costs beside a bare Hono route that answers with
// the same bytes, in the same isolate. Both are asked in turn, over one connection each, so that
// whatever else the machine does hits both alike. Latency as the client sees it, at loopback: the
// median, and the tenth percentile, which a busy machine spoils less. Beside it the time that
// workerd has on the processor for a request.
import { readFile } from "node:fs/promises";
import { Agent, request as ask } from "node:http";
import { join } from "node:path";
import { machine } from "../machine.ts";
import { processorTimeOf } from "../resident.ts";
import { startWorkerd } from "./workerd.ts";

const [rounds = 2000] = process.argv.slice(2).map(Number);
const WARM_UP = Math.min(300, rounds);
const BLOCK = 50;
const root = join(import.meta.dirname, "..", "..");

const worker = await startWorkerd(join(import.meta.dirname, "worker.ts"));

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

function get(agent: Agent, path: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    ask(worker.url + path, { agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(chunks) });
      });
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}

async function timed(agent: Agent, path: string, headers = {}): Promise<number> {
  const start = performance.now();
  const { status } = await get(agent, path, headers);
  const milliseconds = performance.now() - start;
  if (status !== 200 && status !== 304) throw new Error(`${path}: ${status}`);
  return milliseconds;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}

const form = new FormData();
for (const name of ["on-a-bin", "in-a-tree", "with-a-cat"]) {
  const bytes = await readFile(join(root, `examples/raccoons/${name}.jpg`));
  form.append("image", new File([bytes], `${name}.jpg`));
}
/** Again before each case: the isolate's memory, which is all there is here, keeps it for a minute. */
async function post(): Promise<Response> {
  const response = await fetch(`${worker.url}/v1/groups`, { method: "POST", body: form });
  if (!response.ok) throw new Error(await response.text());
  return response;
}

const group = (await (await post()).json()) as { id: string; images: { mask: { url: string } }[] };
const mask = group.images[0]?.mask.url as string;

const agents = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 1 })) as [Agent, Agent];
const etag = String((await get(agents[0], mask)).headers.etag);
const cases: [title: string, path: string, headers: object][] = [
  ["GET mask (PNG)", mask, {}],
  ["GET mask, 304", mask, { "if-none-match": etag }],
  ["GET group (JSON)", `/v1/groups/${group.id}`, {}],
];

console.log(`${machine()}\n\n${rounds} requests each, in turn with the bare route; milliseconds\n`);
console.log(
  `${"".padEnd(18)}  bytes   p10 bare  cached   ratio   p50 bare  cached   ratio   CPU bare  cached   ratio`,
);
for (const [title, path, headers] of cases) {
  await (await post()).arrayBuffer();
  const { body, headers: received } = await get(agents[0], path, headers);
  const sent = { "content-type": String(received["content-type"] ?? "application/octet-stream") };
  await fetch(`${worker.url}/bare`, { method: "PUT", body: new Uint8Array(body), headers: sent });
  const routes = [
    { path: "/bare", headers: {}, times: [] as number[], processor: 0 },
    { path, headers, times: [] as number[], processor: 0 },
  ];
  for (const { path, headers } of routes) {
    for (let i = 0; i < WARM_UP; i++) await timed(agents[0], path, headers);
  }
  for (let done = 0; done < rounds; done += BLOCK) {
    for (const [i, route] of routes.entries()) {
      const before = processorTimeOf("workerd");
      for (let k = 0; k < BLOCK; k++) {
        route.times.push(await timed(agents[i] as Agent, route.path, route.headers));
      }
      route.processor += processorTimeOf("workerd") - before;
    }
  }
  const [bare, cached] = routes.map(({ times, processor }) => {
    const sorted = times.sort((a, b) => a - b);
    return [at(sorted, 0.1), at(sorted, 0.5), processor / times.length];
  }) as [number[], number[]];
  const cells = bare.map((one, i) => {
    const other = cached[i] as number;
    return `${one.toFixed(3).padStart(10)} ${other.toFixed(3).padStart(7)} ${(other / one).toFixed(2).padStart(7)}`;
  });
  console.log(`${title.padEnd(18)} ${String(body.length).padStart(6)} ${cells.join(" ")}`);
}
for (const agent of agents) agent.destroy();
await worker.stop();
