import { availableParallelism, cpus } from "node:os";
import type { RuntimeName } from "./protocol.ts";
import type { DeviceRuntime } from "./serve.ts";

export const RUNTIMES = ["webgpu", "native", "wasm"] as const satisfies readonly RuntimeName[];

/** Values of `--runtime`. "auto" is the first of `RUNTIMES` that is available. */
export type RuntimeChoice = RuntimeName | "auto";

/**
 * Opens a runtime in this process. Each is imported only when needed, since all are large.
 *
 * @throws CosalError backend_unavailable when this machine does not have it
 */
export async function openRuntime(choice: RuntimeChoice): Promise<DeviceRuntime> {
  if (choice !== "auto") return OPEN[choice]();
  const reasons: string[] = [];
  for (const name of RUNTIMES) {
    try {
      return await OPEN[name]();
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(reasons.join(" "));
}

const OPEN: Readonly<Record<RuntimeName, () => Promise<DeviceRuntime>>> = {
  async webgpu() {
    const { dawnRuntime } = await import("../../engine/runtime/dawn.ts");
    const software = process.env.COSAL_SOFTWARE_GPU === "1";
    const { runtime, adapter, lost } = await dawnRuntime({ software });
    return { runtime, device: { runtime: "webgpu", name: adapter }, lost };
  },
  async native() {
    const { nativeRuntime } = await import("../../engine/runtime/native.ts");
    const runtime = await nativeRuntime();
    const name = `${cpus()[0]?.model.trim() ?? "processor"}, ${availableParallelism()} threads`;
    return { runtime, device: { runtime: "native", name } };
  },
  async wasm() {
    const { nodeRuntime } = await import("../../engine/runtime/node.ts");
    const name = `${cpus()[0]?.model.trim() ?? "processor"}, WebAssembly, one thread`;
    return { runtime: nodeRuntime(), device: { runtime: "wasm", name } };
  },
};
