import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface BareWorkerd {
  readonly url: string;
  readonly process: ChildProcess;
  /** Of the isolate's inspector, `ws:`, where it was asked for. */
  readonly inspector: URL | undefined;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, "..", "..");

/** Path of the program: miniflare brings it. */
const { default: program } = createRequire(import.meta.url)("workerd") as { default: string };

/**
 * The bundle that would be deployed, in workerd alone: no proxy and no simulator in front, which cost
 * several times what a cached answer does. Of the bindings it has the assets, from disk.
 *
 * @param root the checkout that the entry point belongs to
 * @param isInspected whether there is an inspector, and `gc()` in the isolate
 */
export async function startWorkerd(
  entrypoint: string,
  root = ROOT,
  isInspected = false,
): Promise<BareWorkerd> {
  const folder = await mkdtemp(join(tmpdir(), "cosal-workerd-"));
  const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", folder, entrypoint];
  const bundled = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (bundled.status !== 0) throw new Error(bundled.stderr);
  const files = await readdir(folder);
  const modules = files.filter((name) => name.endsWith(".wasm"));
  const main = files.find((name) => name.endsWith(".js")) as string;
  const port = await freePort();
  const config = configOf(root, main, modules, { port, isInspected });
  await writeFile(join(folder, "config.capnp"), config);
  const inspectorPort = await freePort();
  const inspecting = isInspected ? [`--inspector-addr=127.0.0.1:${inspectorPort}`] : [];
  const child = spawn(program, ["serve", join(folder, "config.capnp"), ...inspecting], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error(`workerd has ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    process: child,
    inspector: isInspected ? new URL(`ws://127.0.0.1:${inspectorPort}/main`) : undefined,
    async stop() {
      child.kill();
      await once(child, "exit");
      await rm(folder, { recursive: true });
    },
  };
}

function configOf(
  root: string,
  main: string,
  modules: readonly string[],
  { port, isInspected }: { readonly port: number; readonly isInspected: boolean },
): string {
  const wasm = modules.map((name) => `(name = "./${name}", wasm = embed "${name}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = [${isInspected ? '"--expose-gc"' : ""}],
  services = [
    (name = "main", worker = .main),
    (name = "assets", disk = (path = "${join(root, ".assets")}")),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "${main}"), ${wasm.join(", ")}],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [
    (name = "ASSETS", service = "assets"),
    (name = "RATE_LIMITS", text = "off"),
  ],
);
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
