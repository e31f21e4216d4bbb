// The Worker of wrangler.toml on this machine: workerd under miniflare, as `wrangler dev` runs it,
// with nothing sent to or fetched from anywhere.
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";

export interface LocalWorker {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface LocalWorkerOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Whether it starts anew when a source file changes. */
  readonly watch: boolean;
  /** Variables and secrets, beside those of wrangler.toml. Nobody's requests are counted here. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The Worker's module, when it is another than wrangler.toml says. */
  readonly entrypoint?: string;
  /** Whether its requests are logged. */
  readonly log?: boolean;
}

const HOSTNAME = "127.0.0.1";

/**
 * Starts with an empty cache, and resolves when the Worker can be asked.
 *
 * @throws Error EADDRINUSE when something else listens on the port
 */
export async function startLocalWorker({
  port,
  watch,
  variables = {},
  entrypoint,
  log = watch,
}: LocalWorkerOptions): Promise<LocalWorker> {
  await expectFree(port);
  process.env.WRANGLER_SEND_METRICS ??= "false";
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
  const { unstable_startWorker } = await import("wrangler");
  const worker = await unstable_startWorker({
    config: join(import.meta.dirname, "..", "wrangler.toml"),
    ...(entrypoint !== undefined && { entrypoint }),
    bindings: Object.fromEntries(
      Object.entries({ RATE_LIMITS: "off", ...variables }).map(([name, value]) => [
        name,
        { type: "plain_text" as const, value },
      ]),
    ),
    dev: {
      server: { hostname: HOSTNAME, port },
      inspector: false,
      logLevel: log ? "info" : "error",
      persist: false,
      watch,
    },
  });
  await worker.ready;
  const url = await worker.url;
  return { url: url.origin, stop: () => worker.dispose() };
}

/** wrangler waits without a word for a port that is taken. */
async function expectFree(port: number): Promise<void> {
  const server = createServer().listen(port, HOSTNAME);
  await once(server, "listening");
  server.close();
  await once(server, "close");
}
