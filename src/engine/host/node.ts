// `cosal/engine/node`: the parts of an engine in Node.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelFiles } from "../types.ts";

export { nodeDecoder } from "../../codec/node.ts";
export { type DawnOptions, dawnRuntime } from "../runtime/dawn.ts";
export type { GpuRuntime } from "../runtime/gpu-runtime.ts";
export { type NativeOptions, nativeRuntime } from "../runtime/native.ts";
export { nodeRuntime } from "../runtime/node.ts";

/** A model in a local folder, e.g. `models/cosal-lite` of this package. */
export function modelFolder(folder: string | URL): ModelFiles {
  return async (name) => {
    const file = folder instanceof URL ? new URL(name, `${folder.href}/`) : join(folder, name);
    return new Uint8Array(await readFile(file));
  };
}
