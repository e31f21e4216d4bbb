// A thread of the engine alone: it learns what its photographs have in common, and masks each.
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { bundledModel } from "../../src/cli/engine/model.ts";
import { openRuntime } from "../../src/cli/engine/runtime.ts";
import type { RuntimeName } from "../../src/cli/engine/runtime-name.ts";
import { nodeDecoder } from "../../src/codec/node.ts";
import { createSegmenter, type ImageInput } from "../../src/engine/index.ts";
import { representatives } from "../../src/group/representatives.ts";

/** What a thread is given. */
export interface EngineShare {
  readonly runtime: RuntimeName;
  readonly paths: readonly string[];
  /** Photographs that the consensus is learnt from. */
  readonly makers: number;
}

const { runtime, paths, makers } = workerData as EngineShare;
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
// The graphs are loaded.
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
