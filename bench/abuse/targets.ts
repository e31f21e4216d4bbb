import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startWorkerd } from "../edge/workerd.ts";

/** What is attacked. */
export interface Target {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const PLACES = ["server", "worker"] as const;
export type Place = (typeof PLACES)[number];

/** @param root the checkout that it is started from */
export function startTarget(place: Place, root: string): Promise<Target> {
  return place === "server" ? startServer(root) : startWorker(root);
}

/** With the network on the processor: what is measured is not how fast that is. */
async function startServer(root: string): Promise<Target> {
  const data = await mkdtemp(join(tmpdir(), "cosal-abuse-"));
  const program = join(root, "src/server/main.ts");
  const child = spawn(process.execPath, [program, "--runtime", "native", "--port", "0"], {
    cwd: root,
    env: { ...process.env, COSAL_DATA: data, COSAL_DATA_MIB: "1024" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server has ended with ${code}`)));
    createInterface(child.stdout).on("line", (line) => {
      const entry = JSON.parse(line) as { event?: string; url?: string };
      if (entry.event === "listening" && entry.url !== undefined) resolve(entry.url);
    });
  });
  return {
    url,
    pid: child.pid as number,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function startWorker(root: string): Promise<Target> {
  const { url, process, stop } = await startWorkerd(join(root, "src/edge/worker.ts"), root);
  return { url, pid: process.pid as number, stop };
}
