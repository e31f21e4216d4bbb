import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { maskPng } from "../../src/codec/index.ts";
import { nodeDecoder } from "../../src/codec/node.ts";
import {
  createSegmenter,
  type ImageInput,
  type Runtime,
  type Segmenter,
} from "../../src/engine/index.ts";

/** Milliseconds, by stage. */
export type Stages = Map<string, number>;

/**
 * Processor time of this process so far, in milliseconds. On one thread it is what a clock would
 * say on an idle machine, however many others want the processor meanwhile.
 */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A segmenter that tells where its time goes. */
export interface TimedSegmenter {
  /** One whole group, hashing and mask files included, as a server does it: milliseconds. */
  run(images: readonly ImageInput[]): Promise<{ milliseconds: number; stages: Stages }>;
}

/** @param model folder with `manifest.json` and the graphs */
export async function timedSegmenter(runtime: Runtime, model: string): Promise<TimedSegmenter> {
  let stages: Stages = new Map();

  async function timed<T>(stage: string, work: () => T | Promise<T>): Promise<T> {
    const start = processorTime();
    const result = await work();
    stages.set(stage, (stages.get(stage) ?? 0) + processorTime() - start);
    return result;
  }

  // Graphs are told apart by the bytes they are opened with.
  const names = new Map<Uint8Array, string>();
  const timedRuntime: Runtime = {
    async open(graph) {
      const name = names.get(graph)?.replace(/\.onnx$/, "") ?? "?";
      const session = await timed(`load ${name}`, () => runtime.open(graph));
      return {
        run: (inputs) => timed(`graph ${name}`, () => session.run(inputs)),
        close: () => session.close(),
      };
    },
  };
  const decoder = nodeDecoder();
  const segmenter: Segmenter = await createSegmenter({
    model: async (name) => {
      const bytes = new Uint8Array(await readFile(join(model, name)));
      names.set(bytes, name);
      return bytes;
    },
    runtime: timedRuntime,
    decoder: {
      ...decoder,
      sample: (bytes, format, into) =>
        timed("decode and resize", () => decoder.sample(bytes, format, into)),
    },
  });

  return {
    async run(images) {
      stages = new Map();
      const start = processorTime();
      for (const { bytes } of images) {
        await timed("hash", () =>
          createHash("sha256")
            .update(bytes as Uint8Array)
            .digest(),
        );
      }
      for await (const mask of segmenter.segment(images)) {
        await timed("mask to PNG", () => maskPng(mask));
      }
      return { milliseconds: processorTime() - start, stages };
    },
  };
}

/** Milliseconds in graphs. */
export function inference(stages: Stages): number {
  let sum = 0;
  for (const [stage, milliseconds] of stages) {
    if (stage.startsWith("graph ")) sum += milliseconds;
  }
  return sum;
}
