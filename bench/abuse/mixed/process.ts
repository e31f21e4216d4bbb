import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** MiB that the server may store. */
const DATA_MIB = 256;

export interface Line {
  readonly level: string;
  readonly event: string;
  readonly request?: string;
  readonly url?: string;
}

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** What it has logged so far. */
  readonly lines: readonly Line[];
  stop(): Promise<void>;
}

export async function startServer(data: string, jwks: string): Promise<ServerProcess> {
  const program = join(import.meta.dirname, "server.ts");
  const child = spawn(process.execPath, [program, data, String(DATA_MIB), jwks], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: Line[] = [];
  const listening = Promise.withResolvers<string>();
  child.once("exit", (code) => listening.reject(new Error(`the server has ended with ${code}`)));
  createInterface(child.stdout).on("line", (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (line.event === "listening" && line.url !== undefined) listening.resolve(line.url);
  });
  return {
    url: await listening.promise,
    pid: child.pid as number,
    lines,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
