import { describe, expect, it } from "vitest";
import { group as bodyOf } from "../responses.ts";
import { faultyProgram, SOON } from "./device.ts";
import {
  expectedLogits,
  KINDS,
  maskDifference,
  type Photograph,
  photographs,
  start,
  startsServers,
  storedLogits,
} from "./servers.ts";

startsServers();

/** Sixteen groups of two, of which no two have a photograph in common. */
const groups = (
  await Promise.all(
    KINDS.flatMap((kind) => [0, 2, 4, 6].map((from) => photographs(kind, from, from + 2))),
  )
).sort((a, b) => (a[0]!.name < b[0]!.name ? -1 : 1));
const expected = await Promise.all(groups.map((group) => expectedLogits(group)));

const readiness = async (url: string) => (await fetch(`${url}/readyz`)).status;

describe("with 16 groups under way, none is lost or answered wrongly when the device process", () => {
  const strikes = {
    "is killed": "SIGKILL",
    "is stopped": "SIGSTOP",
    "loses its device": "SIGUSR1",
  };

  it.each(Object.entries(strikes))("%s, twice", async (_, signal) => {
    const server = await start(
      {},
      { deviceLimits: { heartbeatTimeout: 5000, minRestartDelay: 100 } },
    );
    const count = (graph: string) => server.metric(`cosal_run_seconds_count{graph="${graph}"}`);
    const before = { encoder: await count("encoder"), decoder: await count("decoder") };
    const answers = Promise.all(groups.map((group) => server.post(group).then(bodyOf)));
    const told: number[] = [];
    // First while photographs are encoded, then while masks are made.
    for (const graph of ["encoder", "decoder"] as const) {
      await expect.poll(() => count(graph), SOON).toBeGreaterThan(before[graph]);
      process.kill(server.device.status.pid!, signal);
      await expect.poll(() => server.device.status.state, SOON).not.toBe("ready");
      told.push(await readiness(server.url));
      await expect.poll(() => server.device.status.state, SOON).toBe("ready");
      told.push(await readiness(server.url));
    }
    expect(told).toEqual([503, 200, 503, 200]);
    for (const [i, body] of (await answers).entries()) {
      const found = await storedLogits(server, body);
      expect(found.size).toBe(2);
      for (const [name, logits] of expected[i]!) {
        expect(maskDifference(found.get(name)!, logits), name).toBeLessThan(1e-3);
      }
    }
    expect(server.device.status.restarts).toBeGreaterThanOrEqual(2);
  });
});

it("answers 503 with Retry-After when no process lives, and serves again when one does", async () => {
  const server = await start(
    {},
    { deviceLimits: { maxFailures: 2, minRestartDelay: 50, maxRestartDelay: 100 } },
  );
  const [group] = groups as [Photograph[]];
  // Each process is killed as soon as there is one.
  const killer = setInterval(() => {
    const { pid } = server.device.status;
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  }, 20);
  await expect.poll(() => server.device.status.restarts, SOON).toBeGreaterThan(1);
  const refused = await server.post(group);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await readiness(server.url)).toBe(503);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  clearInterval(killer);
  await expect.poll(() => readiness(server.url), SOON).toBe(200);
  await bodyOf(await server.post(group));
});

it("does not start without a device, and says why", async () => {
  await expect(start({}, { program: faultyProgram("unusable") })).rejects.toThrow(
    "no adapter here",
  );
});
