import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../../src/server/server.ts";
import { createLogger } from "../../src/server/telemetry/log.ts";

const SECRET = "a-secret-that-only-this-machine-knows";

/** A server behind a Worker, with its network on the processor, and what the Worker has to know of it. */
export async function startGpuServer() {
  const data = await mkdtemp(join(tmpdir(), "cosal-bench-"));
  const options = {
    runtime: "native",
    host: "127.0.0.1",
    port: 0,
    data,
    dataBytes: 2 ** 30,
  } as const;
  const server = await startServer({ ...options, secret: SECRET }, createLogger({ write() {} }));
  return {
    // However long it takes: this measures no time.
    variables: { GPU_BACKENDS: `gpu=${server.url}`, GPU_SECRET: SECRET, GPU_SILENCE_MS: "60000" },
    async stop() {
      await server.stop(0);
      await rm(data, { recursive: true, force: true });
    },
  };
}
