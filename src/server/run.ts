import { CosalError } from "../errors.ts";
import { lifecycleRules } from "./bucket/lifecycle.ts";
import { BucketUnusable } from "./bucket/open.ts";
import { QueueUnusable } from "./cluster/connection.ts";
import { DeviceUnusable } from "./device/process.ts";
import { readOptions, type ServerOptions, USAGE } from "./options.ts";
import { startServer } from "./server.ts";
import { FolderInUse } from "./storage/folder-lock.ts";
import { createLogger } from "./telemetry/log.ts";

/** How long requests may take to finish after SIGTERM, in milliseconds: Kubernetes waits for 30 s. */
export const GRACE = 25_000;

/** The server as a program. It runs until a signal ends it. */
export async function runServer(args: readonly string[]): Promise<void> {
  // Only the server's own user can read its files.
  process.umask(0o077);
  if (args[0] === "lifecycle") return printLifecycle(args.slice(1));
  const logger = createLogger();
  const options = read(args);
  try {
    const server = await startServer(options, logger);
    // For who has typed the command; logs are for programs.
    if (process.stderr.isTTY) console.error(`Open ${server.url} in a browser. Ctrl-C ends cosal.`);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, async () => {
        logger.info({ signal }, "stopping");
        await server.stop(signal === "SIGTERM" ? GRACE : 0);
        process.exit(0);
      });
    }
  } catch (error) {
    console.error(explain(error as Error, options));
    process.exit(1);
  }
}

/** Prints the lifecycle rules for the bucket. */
function printLifecycle(args: readonly string[]): void {
  const { store } = read(args);
  if (store === undefined) {
    console.error("Set COSAL_STORE to the bucket whose rules are to be printed.");
    process.exit(2);
  }
  console.log(JSON.stringify(lifecycleRules(store), null, 2));
}

function read(args: readonly string[]): ServerOptions {
  try {
    const options = readOptions(args, process.env);
    if (options !== "help") return options;
    console.log(USAGE);
    return process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return process.exit(2);
  }
}

function explain(error: Error & { code?: string }, { port, runtime }: ServerOptions): string {
  if (error.code === "EADDRINUSE") return `Port ${port} is taken. Set PORT to another.`;
  if (error instanceof BucketUnusable) return `COSAL_STORE or COSAL_BATCH_BUCKET: ${error.message}`;
  if (error instanceof QueueUnusable) return `COSAL_QUEUE: ${error.message}`;
  if (error instanceof CosalError) return error.message;
  if (error instanceof FolderInUse) return error.message;
  if (error instanceof DeviceUnusable) return `--runtime ${runtime}: ${error.message}`;
  return error.stack ?? error.message;
}
