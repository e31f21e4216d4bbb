import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalWorker } from "../../scripts/worker.ts";
import { startServer } from "../../src/server/server.ts";
import { createLogger } from "../../src/server/telemetry/log.ts";
import { RUNTIME } from "../server/device.ts";

/** A service of this project as its users have it, on a free port of this machine. */
export interface Service {
  readonly url: string;
  stop(): Promise<void>;
}

/** The Worker of wrangler.toml in workerd, with all its bindings. */
export const startWorker = (): Promise<Service> => startLocalWorker({ port: 0, watch: false });

/** `cosal serve`, with an empty data folder. */
export async function startCosalServer(): Promise<Service> {
  const data = await mkdtemp(join(tmpdir(), "cosal-server-"));
  const options = { runtime: RUNTIME, host: "127.0.0.1", port: 0, data, dataBytes: 2 ** 28 };
  const { url, stop } = await startServer(options, createLogger({ write() {} }));
  return {
    url,
    async stop() {
      await stop(0);
      await rm(data, { recursive: true, force: true });
    },
  };
}
