import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Program, startProgram, untilReady } from "./processes.ts";

/** Whether Debian's redis-server, or Valkey's, is on this machine. */
const PROGRAM = ["redis-server", "valkey-server"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
export const hasRedis = PROGRAM !== undefined;
if (!hasRedis) {
  console.warn("Redis tests are skipped: they need redis-server (apt-get install redis-server).");
}

export interface RedisServer {
  readonly url: string;
  /** Ends it as a crash does; what it has is on the disk. */
  kill(): Promise<void>;
  /** Stops it answering, without closing anything. */
  freeze(): void;
  thaw(): void;
  /** @param keep whether it has its data again */
  start(keep: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Redis as it is to be run for jobs: each write in its log before it is answered, nothing evicted. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  let folder = mkdtempSync(join(tmpdir(), "cosal-redis-"));
  let running: Program | undefined;
  const forget = () => rmSync(folder, { recursive: true, force: true });

  async function start(keep: boolean): Promise<void> {
    if (!keep) {
      forget();
      folder = mkdtempSync(join(tmpdir(), "cosal-redis-"));
    }
    running = startProgram(PROGRAM as string, [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
      ...["--appendonly", "yes", "--maxmemory-policy", "noeviction"],
    ]);
    await untilReady(() => ping(port));
  }

  await start(true);
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill: async () => running?.stop("SIGKILL"),
    freeze: () => void running?.process.kill("SIGSTOP"),
    thaw: () => void running?.process.kill("SIGCONT"),
    async stop() {
      running?.process.kill("SIGCONT");
      await running?.stop("SIGKILL");
      forget();
    },
  };
}

/** Whether it has read its data and answers. */
function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.setTimeout(1000, () => socket.destroy(new Error("silent")));
    socket.on("data", (data) => {
      socket.destroy();
      if (data.toString().startsWith("+PONG")) resolve();
      else reject(new Error(data.toString()));
    });
    socket.on("error", reject);
  });
}
