import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, type Program, startProgram, untilReady } from "../../test/server/processes.ts";
import { type RedisServer, startRedis } from "../../test/server/redis.ts";
import { type LoadBalancer, roundRobin } from "../../test/server/round-robin.ts";
import { CREDENTIALS, type S3Server, startS3 } from "../../test/server/s3.ts";

const MAIN = fileURLToPath(new URL("../../src/server/main.ts", import.meta.url));

/** A server process that can be killed and started again where it was. */
export interface Member {
  readonly url: string;
  readonly isUp: boolean;
  readonly pid: number | undefined;
  start(): Promise<void>;
  kill(): Promise<void>;
}

export interface Cluster {
  readonly url: string;
  readonly members: readonly Member[];
  readonly redis: RedisServer;
  stop(): Promise<void>;
}

/** Server processes behind a load balancer, over one Redis and one S3 server, all on this machine. */
export async function startCluster(count: number): Promise<Cluster> {
  const s3: S3Server = await startS3();
  const redis = await startRedis();
  const folder = mkdtempSync(join(tmpdir(), "cosal-scale-"));
  const env = {
    COSAL_STORE: `s3://${s3.bucket}/cosal?endpoint=${s3.endpoint}`,
    COSAL_QUEUE: redis.url,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
  const members = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const args = ["--runtime", "native", "--port", String(port), "--data", join(folder, `${i}`)];
      let running: Program | undefined;
      let isUp = false;
      return {
        url,
        get isUp() {
          return isUp;
        },
        get pid() {
          return running?.process.pid;
        },
        async start() {
          running = startProgram(process.execPath, [MAIN, ...args], env);
          await untilReady(async () => {
            const { status } = await fetch(`${url}/readyz`);
            if (status !== 200) throw new Error(`${url} is not ready: ${status}`);
          }, 120_000);
          isUp = true;
        },
        async kill() {
          isUp = false;
          await running?.stop("SIGKILL");
        },
      };
    }),
  );
  await Promise.all(members.map((member) => member.start()));
  const balancer: LoadBalancer = await roundRobin(members.map(({ url }) => url));
  return {
    ...{ url: balancer.url, members, redis },
    async stop() {
      await balancer.close();
      await Promise.all(members.map((member) => member.kill()));
      await Promise.all([redis.stop(), s3.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
