// `npm run bench:abuse:mixed [-- --seconds 600]`: groups, uploads, jobs, streams, archives, cut-outs,
// deletions, callers who leave and bad input at once, against a server on a small disk of its own
// (tmpfs: this takes root). For a fifth of the time the disk is full, for a fifth the data folder is
// away, for a fifth the identity provider. Each request has to have one known end, and /readyz has
// to say what is wrong.
import { parseArgs } from "node:util";
import { machine } from "../../machine.ts";
import { Peaks } from "../processes.ts";
import { Account, type Fault } from "./account.ts";
import { Caller } from "./caller.ts";
import { Disk } from "./disk.ts";
import { IdentityProvider } from "./identity.ts";
import { LOAD } from "./load.ts";
import { startServer } from "./process.ts";
import { watchReadiness } from "./readiness.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "600" } } });
const seconds = Number(values.seconds);

/** Shares of the time, one after the other. */
const SCHEDULE: readonly [Fault, share: number][] = [
  ["none", 0.1],
  ["disk full", 0.2],
  ["none", 0.1],
  ["store away", 0.2],
  ["none", 0.1],
  ["keys away", 0.2],
  ["none", 0.1],
];

/** Milliseconds between two things of one loop. */
const PAUSE = 200;

const provider = new IdentityProvider();
const jwks = await provider.open();
const disk = await Disk.mount();
const account = new Account();
const server = await startServer(disk.data, jwks);
const peaks = new Peaks(server.pid);
const caller = new Caller(server.url, account);
const end = new AbortController();

async function begin(fault: Fault): Promise<void> {
  if (fault === "disk full") await disk.fill();
  if (fault === "store away") await disk.takeAway();
  if (fault === "keys away") {
    provider.isAway = true;
    // Of the tokens of now some are by a key that the server has not seen.
    const known = caller.tokens;
    await provider.rotate();
    caller.tokens = [...known, ...(await provider.tokens())];
  }
}

async function mend(fault: Fault): Promise<void> {
  if (fault === "disk full") await disk.clear();
  if (fault === "store away") await disk.bringBack();
  provider.isAway = false;
}

async function loop(work: (typeof LOAD)[number]): Promise<void> {
  while (!end.signal.aborted) {
    await work(caller, caller.token());
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

async function metric(name: string): Promise<string> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return text.split("\n").find((line) => line.startsWith(`${name} `)) ?? name;
}

try {
  caller.tokens = await provider.tokens();
  const readiness = watchReadiness(server.url, account, end.signal);
  const loops = LOAD.map(loop);
  for (const [fault, share] of SCHEDULE) {
    const { fault: before } = account;
    await account.change(fault, async () => {
      await mend(before);
      await begin(fault);
    });
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds * share));
  }
  end.abort();
  await Promise.all(loops);
  const { asked, wrong } = await readiness;
  const left = await Promise.all(
    ["requests", "bytes", "images"].map((what) => metric(`cosal_queue_${what}`)),
  );
  const memory = Array.from(peaks.stop(), ([name, peak]) => `${name} ${peak.toFixed(0)} MiB`);
  await server.stop();

  console.log(`${machine()}\n\n${seconds} s of mixed load\n\n| request | ends |\n|---|---|`);
  account.print();
  const lines = server.lines.filter(({ event }) => event === "request");
  const times = Map.groupBy(lines, ({ request }) => request ?? "");
  const unlogged = [...caller.logged].filter((id) => times.get(id)?.length !== 1);
  const errors = server.lines.filter(({ level }) => level === "error");
  console.log(
    `\n${account.sent} sent, ${account.closed} closed, ${account.unknown.length} unknown`,
  );
  console.log(`/readyz asked ${asked} times, ${wrong.length} times wrong`);
  console.log(`${unlogged.length} of ${caller.logged.size} without one line in the server's log`);
  console.log(`${errors.length} errors in the server's log; at the end ${left.join(", ")}`);
  console.log(`peak memory: ${memory.join(", ")}`);
  for (const text of [...account.unknown, ...wrong].slice(0, 40)) console.log(`  ${text}`);
  for (const line of errors.slice(0, 10)) console.log(`  ${JSON.stringify(line).slice(0, 600)}`);
  process.exitCode = account.unknown.length + wrong.length + unlogged.length > 0 ? 1 : 0;
} finally {
  peaks.stop();
  provider.close();
  await disk.unmount();
}
