import { nativeRuntime, nodeRuntime } from "../../engine/host/node.ts";
import type { Runtime } from "../../engine/index.ts";
import type { RuntimeName } from "./runtime-name.ts";

export function openRuntime(name: RuntimeName): Promise<Runtime> | Runtime {
  return name === "native" ? nativeRuntime({ threads: 1 }) : nodeRuntime();
}

/** The fastest that there is here. */
export async function bestRuntime(): Promise<RuntimeName> {
  return nativeRuntime({ threads: 1 }).then(
    () => "native",
    () => "wasm",
  );
}
