import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { GroupBody } from "../../src/app/index.ts";
import { decodeLogits } from "../../src/codec/index.ts";
import { nodeDecoder } from "../../src/codec/node.ts";
import { type Consensus, createSegmenter } from "../../src/engine/index.ts";
import { openRuntime } from "../../src/server/device/open-runtime.ts";
import type { ServerParts } from "../../src/server/host.ts";
import type { ServerOptions } from "../../src/server/options.ts";
import { type Server, startServer } from "../../src/server/server.ts";
import { createLogger } from "../../src/server/telemetry/log.ts";
import { type FormFile, form } from "../forms.ts";
import { faultyProgram, modelFiles, RUNTIME, startsProcesses } from "./device.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);

export interface Photograph {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `count` of the samples' photographs of one kind. */
export async function photographs(kind: string, from = 0, to = 8): Promise<Photograph[]> {
  const folder = new URL(`${kind}/`, EXAMPLES);
  const names = (await readdir(folder)).sort().slice(from, to);
  return Promise.all(
    names.map(async (name) => ({
      name,
      bytes: new Uint8Array(await readFile(new URL(name, folder))),
    })),
  );
}

export const KINDS = ["cats", "hats", "raccoons", "shoes"];

export function formOf(group: readonly Photograph[]): FormData {
  return form(group.map(({ name, bytes }): FormFile => [name, bytes]));
}

export interface Running extends Server {
  readonly data: string;
  readonly log: Record<string, unknown>[];
  post(group: readonly Photograph[], init?: RequestInit, query?: string): Promise<Response>;
  metric(name: string): Promise<number>;
}

const running: Running[] = [];
const folders: string[] = [];

/** A server on a free port of this machine, over a device process that can be broken. */
export async function start(
  options: Partial<ServerOptions> = {},
  parts: ServerParts = {},
): Promise<Running> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), "cosal-server-")));
  folders.push(data);
  const log: Record<string, unknown>[] = [];
  const logger = createLogger({ write: (line) => void log.push(JSON.parse(line)) });
  const server = await startServer(
    { runtime: RUNTIME, host: "127.0.0.1", port: 0, data, dataBytes: 2 ** 28, ...options },
    logger,
    { program: faultyProgram(), ...parts },
  );
  const started: Running = {
    ...server,
    data,
    log,
    post: (group, init = {}, query = "") =>
      fetch(`${server.url}/v1/groups${query}`, { method: "POST", body: formOf(group), ...init }),
    async metric(name) {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      const line = text.split("\n").find((one) => one.startsWith(`${name} `));
      return Number(line?.split(" ").at(-1) ?? Number.NaN);
    },
  };
  running.push(started);
  return started;
}

/** Stops each test's servers after it; for a suite that calls `start` to call once. */
export function startsServers(): void {
  startsProcesses();
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop(0)));
    await Promise.all(folders.splice(0).map((path) => rm(path, { recursive: true, force: true })));
  });
}

/** Logits of each photograph by name, from the engine in this process. */
export async function expectedLogits(
  group: readonly Photograph[],
  consensus?: Consensus,
): Promise<Map<string, Float32Array>> {
  const logits = new Map<string, Float32Array>();
  const segmenter = await ownSegmenter();
  const images = inputsOf(group);
  const masks = consensus ? segmenter.segmentWith(consensus, images) : segmenter.segment(images);
  for await (const mask of masks) logits.set(mask.id, mask.logits.data.slice());
  return logits;
}

export async function expectedConsensus(group: readonly Photograph[]): Promise<Consensus> {
  return (await ownSegmenter()).consensus(inputsOf(group));
}

function inputsOf(group: readonly Photograph[]) {
  return group.map(({ name, bytes }) => ({ id: name, bytes }));
}

let segmenter: ReturnType<typeof createSegmenter> | undefined;

function ownSegmenter() {
  segmenter ??= openRuntime(RUNTIME).then(({ runtime }) =>
    createSegmenter({ model: modelFiles, runtime, decoder: nodeDecoder() }),
  );
  return segmenter;
}

/** Logits of each photograph by name, as a server that answered with links has stored them. */
export async function storedLogits(
  { url }: Pick<Server, "url">,
  body: GroupBody,
): Promise<Map<string, Float32Array>> {
  const logits = new Map<string, Float32Array>();
  for (const { id, mask } of body.images) {
    const response = await fetch(url + mask.url.replace(/\.png$/, ".logits"));
    if (response.status !== 200) throw new Error(`${mask.url}: ${response.status}`);
    const record = await decodeLogits(new Uint8Array(await response.arrayBuffer()));
    logits.set(id, record.logits.data);
  }
  return logits;
}

/** Mean over pixels of how far two masks are apart, 0..1. */
export function maskDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  return a.reduce((sum, x, i) => sum + Math.abs(sigmoid(x) - sigmoid(b[i]!)), 0) / a.length;
}
