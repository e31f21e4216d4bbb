// A thread of the engine alone: it learns what its photographs have in common, and masks each.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import type { RuntimeName } from "../../src/cli/engine/runtime-name.ts";
import type { ImageInput } from "../../src/engine/index.ts";

/** What a thread is given. */
export interface EngineShare {
  /** Folder of the built modules, as the command has them. */
  readonly built: string;
  readonly runtime: RuntimeName;
  readonly paths: readonly string[];
  /** Photographs that the consensus is learnt from. */
  readonly makers: number;
}

const { built, runtime, paths, makers } = workerData as EngineShare;
const load = (path: string) => import(`${pathToFileURL(built)}/${path}.js`);
const { bundledModel }: typeof import("../../src/cli/engine/model.ts") =
  await load("cli/engine/model");
const { openRuntime }: typeof import("../../src/cli/engine/runtime.ts") =
  await load("cli/engine/runtime");
const { nodeDecoder }: typeof import("../../src/codec/node.ts") = await load("codec/node");
const { createSegmenter }: typeof import("../../src/engine/index.ts") = await load("engine/index");
const { representatives }: typeof import("../../src/group/representatives.ts") =
  await load("group/representatives");

const features = new Map<string, Uint8Array>();
const segmenter = await createSegmenter({
  model: bundledModel(),
  runtime: await openRuntime(runtime),
  decoder: nodeDecoder(),
  features: {
    get: async (key) => features.get(key),
    put: async (key, bytes) => void features.set(key, bytes),
  },
});
const images = paths.map(
  (path): ImageInput => ({ id: path, bytes: async () => new Uint8Array(await readFile(path)) }),
);
// Graphs are loaded when they are first used.
await Array.fromAsync(segmenter.segment(images.slice(0, 1)));

parentPort?.once("message", async () => {
  const chosen = representatives(images.length, makers).map((at) => images[at] as ImageInput);
  const consensus = await segmenter.consensus(chosen);
  for (const image of images) {
    for await (const _ of segmenter.segmentWith(consensus, [image]));
  }
  parentPort?.postMessage("done");
});
parentPort?.postMessage("ready");
