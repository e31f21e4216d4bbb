import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { Tensors } from "../../src/engine/index.ts";
import type { OpenGraph } from "../../src/server/device/graph.ts";
import { openRuntime } from "../../src/server/device/open-runtime.ts";
import { DeviceUnusable } from "../../src/server/device/process.ts";
import type { Supervisor } from "../../src/server/device/supervisor.ts";
import {
  inputsOf,
  manifest,
  modelFiles,
  RUNTIME,
  SOON,
  startsProcesses,
  supervise,
} from "./device.ts";

startsProcesses();

const running: Supervisor[] = [];
const file = await modelFiles(manifest.graphs.decoder.file);

/** What the decoder's logits are, computed in this process. */
const wanted = await (async () => {
  const { runtime } = await openRuntime(RUNTIME);
  const session = await runtime.open(file);
  const found: Float32Array[] = [];
  for (let seed = 0; seed < 8; seed++) {
    found.push((await session.run(inputsOf("decoder", seed))).logits!.data.slice());
  }
  return found;
})();

function start(...args: Parameters<typeof supervise>) {
  const supervised = supervise(...args);
  running.push(supervised.supervisor);
  const graph = supervised.supervisor.open({ name: "decoder", bytes: file, warmUps: [] });
  return { ...supervised, graph };
}

const run = (supervisor: Supervisor, graph: OpenGraph, seed: number) =>
  supervisor.run(graph, () => inputsOf("decoder", seed % wanted.length));

function expectRight(outputs: Tensors, seed: number): void {
  expect(outputs.logits!.data).toEqual(wanted[seed % wanted.length]);
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((supervisor) => supervisor.stop()));
});

describe("a device process", () => {
  it("computes what this process computes, one run after another", async () => {
    const { supervisor, graph } = start();
    const device = await supervisor.started;
    expect(device.runtime).toBe(RUNTIME);
    const seeds = [...Array(20).keys()];
    const outputs = await Promise.all(seeds.map((seed) => run(supervisor, graph, seed)));
    for (const seed of seeds) expectRight(outputs[seed]!, seed);
    expect(supervisor.status).toMatchObject({ state: "ready", restarts: 0, waiting: 0 });
    expect(supervisor.status.memory).toBeGreaterThan(10 * 2 ** 20);
  });

  it("runs the warm-ups of a graph before it takes work", async () => {
    const { supervisor } = start();
    const order: string[] = [];
    const inputs = (name: string, seed: number) => () => {
      order.push(name);
      return inputsOf("decoder", seed);
    };
    const warmUps = [inputs("first", 1), inputs("second", 2)];
    const graph = supervisor.open({ name: "warm", bytes: file, warmUps });
    expectRight(await supervisor.run(graph, inputs("run", 3)), 3);
    expect(order).toEqual(["first", "second", "run"]);
  });

  it("does not begin a run whose caller has left", async () => {
    const { supervisor, graph } = start();
    const leave = new AbortController();
    const asked: string[] = [];
    const inputs = (name: string) => () => {
      asked.push(name);
      return inputsOf("decoder", 0);
    };
    const first = supervisor.run(graph, inputs("first"));
    const second = supervisor.run(graph, inputs("second"), { signal: leave.signal });
    const third = supervisor.run(graph, inputs("third"));
    leave.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    await Promise.all([first, third]);
    expect(asked).toEqual(["first", "third"]);
    await expect(supervisor.run(graph, inputs("late"), { signal: leave.signal })).rejects.toThrow(
      "gone",
    );
  });

  it("lets sources take turns", async () => {
    const { supervisor, graph } = start();
    const order: string[] = [];
    const ask = (source: { name: string }) =>
      supervisor.run(
        graph,
        () => {
          order.push(source.name);
          return inputsOf("decoder", 0);
        },
        { source },
      );
    const [large, small] = [{ name: "large" }, { name: "small" }];
    await Promise.all([ask(large), ask(large), ask(large), ask(large), ask(small), ask(small)]);
    expect(order).toEqual(["large", "small", "large", "small", "large", "large"]);
  });

  it("serves whoever has had the least of the device first", async () => {
    const { supervisor, graph } = start();
    const order: string[] = [];
    const ask = (caller: string) =>
      supervisor.run(
        graph,
        () => {
          order.push(caller);
          return inputsOf("decoder", 0);
        },
        { source: {}, callers: () => [caller] },
      );
    const many = Array.from({ length: 8 }, () => ask("many"));
    await many[0];
    const one = ask("one");
    await Promise.all([...many, one]);
    expect(order.indexOf("one")).toBeLessThanOrEqual(3);
    expect(order.filter((caller) => caller === "many")).toHaveLength(8);
  });

  it("goes when the server dies, even if it hangs", async () => {
    const program = `
      import { supervise } from ${JSON.stringify(new URL("device.ts", import.meta.url).href)};
      const { supervisor } = supervise();
      await supervisor.started;
      console.log(supervisor.status.pid);`;
    const server = spawn(process.execPath, ["--input-type=module", "-e", program]);
    const [line] = await once(server.stdout, "data");
    const pid = Number(String(line));
    process.kill(pid, "SIGUSR2");
    server.kill("SIGKILL");
    await expect.poll(() => isAlive(pid), SOON).toBe(false);
  });
});

describe("under load, no run is lost or answered wrongly when the device process", () => {
  // Wide enough for a busy machine: who is slow is not to be taken for dead.
  const limits = { heartbeatTimeout: 5000, runTimeout: () => 10_000 };
  const strikes = {
    "is killed": ["SIGKILL", /ended by SIGKILL/],
    "is stopped": ["SIGSTOP", /no heartbeat/],
    "loses its device": ["SIGUSR1", /the device was lost: simulated/],
    "hangs in a run": ["SIGUSR2", /no reply to run/],
  } as const;
  it.each(Object.entries(strikes))("%s", async (_, [signal, reason]) => {
    const { supervisor, graph, lost } = start(limits);
    await supervisor.started;
    let done = 0;
    const seeds = [...Array(60).keys()];
    const load = seeds.map(async (seed) => {
      const outputs = await run(supervisor, graph, seed);
      done++;
      return outputs;
    });
    for (const after of [2, 30]) {
      await expect.poll(() => done, SOON).toBeGreaterThanOrEqual(after);
      await expect.poll(() => supervisor.status.state, SOON).toBe("ready");
      process.kill(supervisor.status.pid!, signal);
      await expect.poll(() => supervisor.status.state, SOON).not.toBe("ready");
    }
    const outputs = await Promise.all(load);
    for (const seed of seeds) expectRight(outputs[seed]!, seed);
    expect(lost().filter((found) => reason.test(found)).length).toBeGreaterThanOrEqual(2);
  });

  it("takes ever more memory", async () => {
    const { supervisor, graph, lost } = start({ memory: 500 * 2 ** 20 }, "leak");
    const seeds = [...Array(40).keys()];
    for (const seed of seeds) {
      expectRight(await run(supervisor, graph, seed), seed);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(lost().length).toBeGreaterThan(0);
    expect(lost().every((reason) => /memory grew to \d+ MiB/.test(reason))).toBe(true);
  });
});

describe("a device that cannot work", () => {
  it("is told at the start", async () => {
    const { supervisor } = start({}, "unusable");
    await expect(supervisor.started).rejects.toThrow(DeviceUnusable);
    await expect(supervisor.started).rejects.toThrow("no adapter here");
  });

  it("fails a run that breaks it twice, and no other", async () => {
    const { supervisor, graph, lost } = start({ maxFailures: 100 }, "poison");
    const runs = await Promise.allSettled([0, 1].map((seed) => run(supervisor, graph, seed)));
    for (const outcome of runs) {
      expect(outcome).toMatchObject({ reason: { code: "backend_unavailable" } });
    }
    await expect.poll(lost, SOON).toEqual(Array(4).fill("the run failed"));
  });

  it("is tried again ever more seldom, and all that waits is refused after a while", async () => {
    const { supervisor, graph, events } = start({ maxFailures: 3 }, "dead");
    await expect(run(supervisor, graph, 0)).rejects.toMatchObject({ code: "backend_unavailable" });
    await expect.poll(() => events.length, SOON).toBeGreaterThan(4);
    const delays = events.flatMap((event) => (event.kind === "lost" ? [event.restartDelay] : []));
    expect(delays.slice(0, 5)).toEqual([20, 40, 80, 160, 200]);
    expect(supervisor.status.reason).toBe("ended with status 3");
  });

  it("refuses what waits when it is stopped", async () => {
    const { supervisor, graph } = start();
    const outcome = run(supervisor, graph, 0);
    await supervisor.stop();
    await expect(outcome).rejects.toMatchObject({ code: "backend_unavailable" });
    await expect(run(supervisor, graph, 0)).rejects.toMatchObject({ code: "backend_unavailable" });
    expect(supervisor.status.state).toBe("stopped");
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
