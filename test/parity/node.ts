// The places in Node, each a process of its own: `node test/parity/node.ts wasm|native|webgpu`,
// groups on standard input, masks on standard output. WebGPU may be software here.
import { readFile } from "node:fs/promises";
import { json } from "node:stream/consumers";
import { nodeDecoder } from "../../src/codec/node.ts";
import { dawnRuntime } from "../../src/engine/runtime/dawn.ts";
import { nativeRuntime } from "../../src/engine/runtime/native.ts";
import { nodeRuntime } from "../../src/engine/runtime/node.ts";
import { segmentGroups } from "./segment.ts";

const RUNTIMES = {
  wasm: async () => nodeRuntime(),
  native: () => nativeRuntime(),
  webgpu: async () => (await dawnRuntime({ software: true })).runtime,
};
const MODEL = new URL("../../models/cosal-lite/", import.meta.url);

const groups = (await json(process.stdin)) as Parameters<typeof segmentGroups>[1];
const model = async (name: string) => new Uint8Array(await readFile(new URL(name, MODEL)));
const runtime = await RUNTIMES[process.argv[2] as keyof typeof RUNTIMES]();
const masks = await segmentGroups({ model, runtime, decoder: nodeDecoder() }, groups);
// Dawn's threads would keep the process from ending by itself.
process.stdout.write(JSON.stringify(masks), () => process.exit());
