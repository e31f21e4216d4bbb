import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goProgram } from "../go-program.ts";
import { freePort, type Program, startProgram, untilReady } from "./processes.ts";

export const CREDENTIALS = { accessKeyId: "cosal-test", secretAccessKey: "cosal-test-secret" };

/*
 * A real S3 server on this machine: the Versity S3 Gateway, over a folder. It verifies signatures,
 * knows conditional writes, takes a second to start, and `go install` builds it in a minute and a half
 * (SeaweedFS and rclone take several; moto verifies nothing unless it is told to, and forgets all with
 * its process).
 */
const file = goProgram("github.com/versity/versitygw/cmd/versitygw", "v1.8.0", "S3 tests");
export const hasS3 = file !== undefined;

export interface S3Server {
  readonly endpoint: string;
  /** Where its objects lie, as files. */
  readonly folder: string;
  readonly bucket: string;
  /** Ends it as a crash does; what it has stored is there after `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** An S3 server with one bucket. */
export async function startS3(bucket = "masks"): Promise<S3Server> {
  const folder = mkdtempSync(join(tmpdir(), "cosal-s3-"));
  mkdirSync(join(folder, bucket));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  let running: Program | undefined;
  async function start(): Promise<void> {
    const args = ["--port", `127.0.0.1:${port}`, "--quiet", "--keep-alive", "posix", folder];
    running = startProgram(file as string, args, {
      ROOT_ACCESS_KEY: CREDENTIALS.accessKeyId,
      ROOT_SECRET_KEY: CREDENTIALS.secretAccessKey,
    });
    await untilReady(() => fetch(endpoint));
  }
  await start();
  return {
    ...{ endpoint, folder, bucket, start },
    kill: async () => running?.stop("SIGKILL"),
    async stop() {
      await running?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
