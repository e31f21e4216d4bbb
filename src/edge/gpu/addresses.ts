import { entries } from "../../app/index.ts";
import type { Env } from "../env.ts";
import { longSecret, secureUrl } from "../settings.ts";
import type { GpuAddress } from "./backend.ts";

/**
 * The GPU servers of GPU_BACKENDS: `https://a.example, eu=https://b.example`. A server without a name
 * is named by its position. Callers see names, never addresses.
 *
 * @throws TypeError for an invalid or unencrypted address, and when there is no secret
 */
export function gpuAddresses({ GPU_BACKENDS, GPU_SECRET }: Env): GpuAddress[] {
  const addresses = entries(GPU_BACKENDS).map((entry, i) => {
    const [, name, text] = /^(?:([\w-]+)=)?(.*)$/.exec(entry) ?? [];
    const url = secureUrl("GPU_BACKENDS", text ?? "");
    if (`${url.pathname}${url.search}${url.hash}` !== "/") {
      throw new TypeError(`Expected no path after a server in GPU_BACKENDS but received ${entry}`);
    }
    return { name: name ?? `gpu-${i + 1}`, url: url.origin };
  });
  const secret = longSecret("GPU_SECRET", GPU_SECRET);
  if (addresses.length > 0 && secret === undefined) {
    throw new TypeError(
      "GPU_BACKENDS needs GPU_SECRET: the value of COSAL_BACKEND_SECRET on the servers",
    );
  }
  return addresses;
}
