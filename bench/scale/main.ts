// `npm run bench:scale [-- GROUPS [SECONDS]]`: as many groups sent directly and as jobs to three server
// processes behind a load balancer, over one Redis and one S3 server. Every few seconds one of the
// servers, chosen at random, is killed and started again; in the middle Redis is, too. Every result is
// held against that of a calm server.
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { GroupBody, JobBody } from "../../src/app/index.ts";
import { PREFIX } from "../../src/server/cluster/connection.ts";
import { events } from "../../test/events.ts";
import { machine } from "../machine.ts";
import { startCluster } from "./cluster.ts";
import { areEqual, formOf, fresh, masksOf, PAIRS, type Photograph } from "./groups.ts";

const SERVERS = 3;
/** Callers of each kind who wait for their result before they send the next. */
const CALLERS = 4;
const groups = Number(process.argv[2] ?? 300);
const killInterval = 1000 * Number(process.argv[3] ?? 6);

console.log(machine());
const cluster = await startCluster(SERVERS);
let sentAgain = 0;

/** Sends until it is answered, as a client does: again after a broken connection, 502, 503 and 504. */
async function send(path: string, init?: () => RequestInit): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      const response = await fetch(cluster.url + path, init?.());
      if (![502, 503, 504].includes(response.status)) return response;
      if (tries > 100) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      await response.body?.cancel();
    } catch (error) {
      if (tries > 100) throw error;
    }
    sentAgain++;
    await sleep(250);
  }
}

interface Outcome {
  readonly kind: "direct" | "job";
  readonly milliseconds: number;
  readonly isRight: boolean;
  /** Attempts, and `result` events and ends that were told of a job. */
  readonly attempts?: number;
  readonly results?: number;
  readonly ends?: number;
}

async function direct(group: readonly Photograph[]): Promise<GroupBody> {
  const response = await send("/v1/groups", () => ({ method: "POST", body: formOf(group) }));
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as GroupBody;
}

async function job(group: readonly Photograph[]): Promise<JobBody | GroupBody> {
  const headers = { prefer: "respond-async", "idempotency-key": crypto.randomUUID() };
  const init = () => ({ method: "POST", body: formOf(group), headers });
  const response = await send("/v1/groups", init);
  if (response.status > 202) throw new Error(`${response.status}: ${await response.text()}`);
  const sent = (await response.json()) as JobBody | GroupBody;
  if (!("links" in sent && "events" in sent.links)) return sent;
  for (;;) {
    const now = (await (await send(`/v1/jobs/${sent.id}`)).json()) as JobBody;
    if (now.status !== "queued" && now.status !== "running") return now;
    await sleep(200);
  }
}

/** The right masks of each pair, while nothing happens. */
const expected = new Map<readonly Photograph[], Awaited<ReturnType<typeof masksOf>>>();
for (const pair of PAIRS) {
  expected.set(pair, await masksOf(send, await direct(pair), pair));
}

const outcomes: Outcome[] = [];
const failures: string[] = [];

async function one(kind: Outcome["kind"], number: number): Promise<void> {
  const pair = PAIRS[number % PAIRS.length] as readonly Photograph[];
  const group = fresh(pair);
  const began = performance.now();
  const answered = await (kind === "direct" ? direct(group) : job(group));
  const milliseconds = performance.now() - began;
  let told: Partial<Outcome> = {};
  if ("attempts" in answered) {
    if (answered.status !== "succeeded") {
      failures.push(`job ${answered.id}: ${JSON.stringify(answered.problem ?? answered.status)}`);
      return;
    }
    const all = await events(await send(`/v1/jobs/${answered.id}/events`));
    told = {
      attempts: answered.attempts,
      results: all.filter(({ event }) => event === "result").length,
      ends: all.filter(({ event, data }) => event === "job" && data.status === "succeeded").length,
    };
  }
  const id = "group" in answered ? answered.group : answered.id;
  const body = (await (await send(`/v1/groups/${id}`)).json()) as GroupBody;
  const found = await masksOf(send, body, group);
  const isRight = areEqual(found, expected.get(pair) as typeof found);
  outcomes.push({ kind, milliseconds, isRight, ...told });
}

async function callers(kind: Outcome["kind"]): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (next < groups) {
        const number = next++;
        await one(kind, number).catch((error) => failures.push(`${kind} ${number}: ${error}`));
      }
    }),
  );
}

let kills = 0;
let isOver = false;
async function killing(): Promise<void> {
  let isRedisRestarted = false;
  while (!isOver) {
    await sleep(killInterval);
    if (isOver) return;
    if (!isRedisRestarted && outcomes.length >= groups) {
      isRedisRestarted = true;
      await cluster.redis.kill();
      await sleep(500);
      await cluster.redis.start(true);
      continue;
    }
    // On a busy machine a server takes longer to start: one stays, as an orchestrator sees to.
    const up = cluster.members.filter(({ isUp }) => isUp);
    if (up.length < 2) continue;
    const member = up[Math.floor(Math.random() * up.length)];
    await member?.kill();
    kills++;
    void member?.start().catch((error) => failures.push(`${error}`));
  }
}

const progress = setInterval(() => {
  const up = cluster.members.filter(({ isUp }) => isUp).length;
  console.error(`${outcomes.length} of ${2 * groups}, ${up} servers up, ${kills} killed`);
}, 10_000);
const began = performance.now();
const killed = killing();
await Promise.all([callers("direct"), callers("job")]);
const seconds = (performance.now() - began) / 1000;
isOver = true;
clearInterval(progress);
await killed;

const redis = new Redis(cluster.redis.url);
const known = (await redis.keys(`${PREFIX}:job:*`)).filter((key) => !key.endsWith(":events"));
redis.disconnect();

console.log(`
${SERVERS} servers, ${groups} groups of 2 photographs sent directly and as many as jobs, in ${seconds.toFixed(0)} s
${kills} servers killed, Redis killed once, ${sentAgain} requests sent again, ${known.length} jobs known

         right  wrong  lost  told twice  p50 s  p99 s  attempts`);
for (const kind of ["direct", "job"] as const) {
  const own = outcomes.filter((outcome) => outcome.kind === kind);
  const right = own.filter(({ isRight }) => isRight).length;
  const twice = own.filter(({ ends = 1 }) => ends !== 1).length;
  const times = own.map(({ milliseconds }) => milliseconds / 1000).sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1);
  const attempts = own.reduce((sum, outcome) => sum + (outcome.attempts ?? 1), 0);
  const cells = [
    right,
    own.length - right,
    groups - own.length,
    twice,
    at(0.5),
    at(0.99),
    attempts,
  ];
  const widths = [6, 7, 6, 12, 7, 7, 10];
  console.log(
    kind.padEnd(8) + cells.map((cell, i) => String(cell).padStart(widths[i] ?? 0)).join(""),
  );
}
for (const failure of failures) console.log(failure);
await cluster.stop();
process.exitCode = failures.length > 0 ? 1 : 0;
