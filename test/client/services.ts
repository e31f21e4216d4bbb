import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalWorker } from "../../scripts/worker.ts";
import { readBucketAddress } from "../../src/server/bucket/address.ts";
import type { ServerOptions } from "../../src/server/options.ts";
import { startServer } from "../../src/server/server.ts";
import { createLogger } from "../../src/server/telemetry/log.ts";
import { RUNTIME } from "../server/device.ts";
import { hasRedis, startRedis } from "../server/redis.ts";
import { roundRobin } from "../server/round-robin.ts";
import { CREDENTIALS, hasS3, startS3 } from "../server/s3.ts";

/** A service of this project as its users have it, on a free port of this machine. */
export interface Service {
  readonly url: string;
  stop(): Promise<void>;
}

/** The Worker of wrangler.toml in workerd, with all its bindings. */
export const startWorker = (): Promise<Service> => startLocalWorker({ port: 0, watch: false });

/** `cosal serve`, with an empty data folder. */
export async function startCosalServer(more: Partial<ServerOptions> = {}): Promise<Service> {
  const data = await mkdtemp(join(tmpdir(), "cosal-server-"));
  const options = { runtime: RUNTIME, host: "127.0.0.1", port: 0, data, dataBytes: 2 ** 28 };
  const { url, stop } = await startServer({ ...options, ...more }, createLogger({ write() {} }));
  return {
    url,
    async stop() {
      await stop(0);
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Whether this machine has what several servers share. */
export const hasCluster = hasS3 && hasRedis;

/** Two servers that share a bucket and a queue; each request comes to the other one. */
export async function startCluster(): Promise<Service> {
  const [s3, redis] = [await startS3(), await startRedis()];
  process.env.AWS_ACCESS_KEY_ID = CREDENTIALS.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = CREDENTIALS.secretAccessKey;
  const address = `s3://${s3.bucket}/cosal?endpoint=${s3.endpoint}`;
  const shared = { store: readBucketAddress(address, "COSAL_STORE"), queue: redis.url };
  const servers = await Promise.all([1, 2].map(() => startCosalServer(shared)));
  const balancer = await roundRobin(servers.map(({ url }) => url));
  return {
    url: balancer.url,
    async stop() {
      await balancer.close();
      await Promise.all(servers.map((server) => server.stop()));
      await Promise.all([s3.stop(), redis.stop()]);
    },
  };
}

/** Every kind of service that this machine can start. */
export const SERVICES: readonly [name: string, start: () => Promise<Service>][] = [
  ["the server", () => startCosalServer()],
  ["the Worker", startWorker],
  ...(hasCluster ? [["servers that share S3 and Redis", startCluster] as const] : []),
].map(([name, start]) => [name, start] as [string, () => Promise<Service>]);
