import { entries } from "../../app/index.ts";
import type { Env } from "../env.ts";
import { longSecret, secureUrl } from "../settings.ts";
import type { GpuAddress } from "./backend.ts";

/**
 * The GPU servers of GPU_BACKENDS: `https://a.example, eu=https://b.example`. One without a name is
 * called by its place: callers are told names, never addresses.
 *
 * @throws TypeError for what is no address or can be listened to, and without a secret
 */
export function gpuAddresses({ GPU_BACKENDS, GPU_SECRET }: Env): GpuAddress[] {
  const addresses = entries(GPU_BACKENDS).map((entry, i) => {
    const [, name, text] = /^(?:([\w-]+)=)?(.*)$/.exec(entry) ?? [];
    const url = secureUrl("GPU_BACKENDS", text ?? "");
    if (`${url.pathname}${url.search}${url.hash}` !== "/") {
      throw new TypeError(`Expected no path behind a server in GPU_BACKENDS but received ${entry}`);
    }
    return { name: name ?? `gpu-${i + 1}`, url: url.origin };
  });
  const secret = longSecret("GPU_SECRET", GPU_SECRET);
  if (addresses.length > 0 && secret === undefined) {
    throw new TypeError(
      "GPU_BACKENDS needs a GPU_SECRET: what the servers know as COSAL_BACKEND_SECRET",
    );
  }
  return addresses;
}
