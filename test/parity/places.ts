import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { unstable_startWorker } from "wrangler";
import { CHROMIUM, inChromium } from "./chromium.ts";
import { groups } from "./groups.ts";
import type { PlacedMask } from "./segment.ts";

export type Placed = Record<string, PlacedMask[]>;

/** Somewhere the engine runs. */
export interface Place {
  readonly name: string;
  /** Why it cannot be tried here, if so. */
  readonly missing?: string | undefined;
  run(): Promise<Placed>;
}

/** Where Debian's chromium package puts its software driver for Vulkan. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const noChromium = CHROMIUM ? undefined : "chromium is not installed (scripts/install-chromium.sh)";

export const REFERENCE: Place = { name: "Node, WASM", run: () => inNode("wasm") };

export const PLACES: readonly Place[] = [
  { name: "Node, native", run: () => inNode("native") },
  { name: "workerd, WASM", run: inWorkerd },
  { name: "Chromium, WASM", missing: noChromium, run: () => inChromium("wasm", groups) },
  {
    name: "Node, WebGPU (Dawn on SwiftShader)",
    missing: existsSync(SWIFTSHADER)
      ? undefined
      : "SwiftShader is not installed (scripts/install-chromium.sh)",
    run: () =>
      inNode("webgpu", { VK_ICD_FILENAMES: SWIFTSHADER, LD_LIBRARY_PATH: "/usr/lib/chromium" }),
  },
  {
    name: "Chromium, WebGPU (SwiftShader)",
    missing: noChromium,
    run: () => inChromium("webgpu", groups),
  },
];

async function inNode(runtime: string, environment: NodeJS.ProcessEnv = {}): Promise<Placed> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "node.ts"), runtime], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  child.stdin.end(JSON.stringify(groups));
  return (await json(child.stdout)) as Placed;
}

async function inWorkerd(): Promise<Placed> {
  process.env.WRANGLER_SEND_METRICS ??= "false";
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
  const worker = await unstable_startWorker({
    config: join(import.meta.dirname, "wrangler.toml"),
    dev: {
      server: { hostname: "127.0.0.1", port: 0 },
      inspector: false,
      logLevel: "error",
      persist: false,
      watch: false,
    },
  });
  try {
    await worker.ready;
    const { origin } = await worker.url;
    const response = await fetch(origin, { method: "POST", body: JSON.stringify(groups) });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Placed;
  } finally {
    await worker.dispose();
  }
}
