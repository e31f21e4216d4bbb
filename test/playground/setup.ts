import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildPlayground, isOutdated } from "../../scripts/playground/build.ts";
import { startServer } from "../../src/server/server.ts";
import { createLogger } from "../../src/server/telemetry/log.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the server with the page listens. */
    url: string;
  }
}

/** The server as `cosal serve` starts it, on the processor, so that masks can be compared. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  if (isOutdated()) await buildPlayground();
  const data = await mkdtemp(join(tmpdir(), "cosal-playground-"));
  const server = await startServer(
    { runtime: "wasm", host: "127.0.0.1", port: 0, data, dataBytes: 2 ** 28 },
    createLogger({ write: () => {} }),
    // Browsers take the machine for themselves.
    { deviceLimits: { heartbeatTimeout: 120_000 } },
  );
  project.provide("url", server.url);
  return async () => {
    await server.stop(0);
    await rm(data, { recursive: true, force: true });
  };
}
