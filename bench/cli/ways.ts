// `npm run bench:cli:ways [-- --count 12]`: photographs as a phone writes them, through every way that there
// is to a mask: `npm run demo`, the command on this machine in each runtime, the command through the
// server and through the Worker. Seconds of each, and how its masks differ from those of WebAssembly.
//
// Photographs are examples/, enlarged to 12 megapixels, with grain, as JPEGs of quality 95: about 4 MB
// each. Fails where a photograph has no mask, or masks differ by more than what sums in another order do.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startLocalWorker } from "../../scripts/worker.ts";
import { nodeDecoder } from "../../src/codec/node.ts";
import { startServer } from "../../src/server/server.ts";
import { createLogger } from "../../src/server/telemetry/log.ts";
import { machine } from "../machine.ts";
import { enlargedExample } from "../photographs.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const GRAIN = 21;
const QUALITY = 95;
/** Intersection over union with the masks of WebAssembly. */
const ENOUGH = 0.999;

const { values } = parseArgs({ options: { count: { type: "string", default: "12" } } });
const folder = await mkdtemp(join(tmpdir(), "cosal-ways-"));
const photographs = join(folder, "photographs");
const decoder = nodeDecoder();

interface Way {
  readonly name: string;
  /** @returns the folder of the masks */
  readonly run: (out: string) => Promise<string>;
}

const WAYS: readonly Way[] = [
  { name: "cosal, WebAssembly", run: (out) => cosal(out, "--runtime", "wasm") },
  { name: "cosal, natively", run: (out) => cosal(out, "--runtime", "native") },
  { name: "cosal --server, cosal serve", run: throughServer },
  { name: "cosal --server, the Worker", run: throughWorker },
  { name: "npm run demo", run: demo },
];

console.log(machine());
try {
  await writePhotographs(Number(values.count));
  let wanted: ReadonlyMap<string, Uint8Array> | undefined;
  for (const { name, run } of WAYS) {
    const begun = performance.now();
    const masks = await masksIn(await run(join(folder, name.replace(/\W+/g, "-"))));
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    wanted ??= masks;
    console.log(`${name.padEnd(28)} ${seconds.padStart(6)} s  ${compared(masks, wanted)}`);
  }
} finally {
  await rm(folder, { recursive: true });
}

async function writePhotographs(count: number): Promise<void> {
  const names = (await readdir(join(ROOT, "examples", "cats"))).sort();
  await mkdir(photographs);
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const example = `cats/${names[i % names.length]}`;
    // Another grain is another photograph.
    const grain = GRAIN + Math.floor(i / names.length) / 10;
    const file = await enlargedExample(example, 4000, 3000, grain, QUALITY);
    const name = `${String(i + 1).padStart(2, "0")}.jpg`;
    await writeFile(join(photographs, name), file);
    bytes += file.length;
  }
  console.log(`${count} JPEGs of 4000 x 3000, ${(bytes / count / 1e6).toFixed(1)} MB each\n`);
}

async function cosal(out: string, ...args: string[]): Promise<string> {
  await node(join(ROOT, "src", "cli", "main.ts"), photographs, "-o", out, "-q", ...args);
  return out;
}

async function throughServer(out: string): Promise<string> {
  const data = join(folder, "data");
  const options = {
    runtime: "native",
    host: "127.0.0.1",
    port: 0,
    data,
    dataBytes: 2 ** 30,
  } as const;
  const { url, stop } = await startServer(options, createLogger({ write() {} }));
  try {
    return await cosal(out, "--server", url);
  } finally {
    await stop(0);
  }
}

async function throughWorker(out: string): Promise<string> {
  const worker = await startLocalWorker({ port: 0, watch: false });
  try {
    return await cosal(out, "--server", worker.url);
  } finally {
    await worker.stop();
  }
}

async function demo(): Promise<string> {
  await node(join(ROOT, "scripts", "demo", "main.ts"), photographs);
  return join(ROOT, "demo-output");
}

async function node(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => said.push(part));
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${args.join(" ")}: ${status}\n${Buffer.concat(said)}`);
}

/** By name: 0..255, row by row. */
async function masksIn(out: string): Promise<Map<string, Uint8Array>> {
  const masks = new Map<string, Uint8Array>();
  for (const name of (await readdir(photographs)).map((file) => file.replace(/jpg$/, "png"))) {
    const { data } = await decoder.decode(new Uint8Array(await readFile(join(out, name))));
    masks.set(
      name,
      Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] as number),
    );
  }
  return masks;
}

/** @throws where they are not the same masks */
function compared(
  masks: ReadonlyMap<string, Uint8Array>,
  wanted: ReadonlyMap<string, Uint8Array>,
): string {
  let [largest, other, all, least] = [0, 0, 0, 1];
  for (const [name, mask] of masks) {
    const base = wanted.get(name) as Uint8Array;
    let [both, either] = [0, 0];
    for (let i = 0; i < mask.length; i++) {
      const [a, b] = [mask[i] as number, base[i] as number];
      if (a !== b) other++;
      largest = Math.max(largest, Math.abs(a - b));
      if (a > 127 && b > 127) both++;
      if (a > 127 || b > 127) either++;
    }
    all += mask.length;
    least = Math.min(least, either === 0 ? 1 : both / either);
  }
  if (least < ENOUGH) throw new Error(`intersection over union ${least.toFixed(4)}`);
  const share = ((100 * other) / all).toFixed(3);
  return `largest difference ${largest} of 255, ${share} % of the pixels differ, least IoU ${least.toFixed(5)}`;
}
