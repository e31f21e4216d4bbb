import { MIN_SECRET_LENGTH } from "../../app/access/request-signature.ts";
import { type Env, entries } from "../env.ts";
import type { GpuAddress } from "./backend.ts";

/**
 * The GPU servers of GPU_BACKENDS: `https://a.example, eu=https://b.example`. One without a name is
 * called by its place: callers are told names, never addresses.
 *
 * @throws TypeError for what is no address, and without a secret
 */
export function gpuAddresses({ GPU_BACKENDS, GPU_SECRET }: Env): GpuAddress[] {
  const addresses = entries(GPU_BACKENDS).map((entry, i) => {
    const [, name, text] = /^(?:([\w-]+)=)?(.*)$/.exec(entry) ?? [];
    const url = URL.parse(text ?? "");
    if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== "/") {
      throw new TypeError(`Expected the origin of a server in GPU_BACKENDS but received ${entry}`);
    }
    return { name: name ?? `gpu-${i + 1}`, url: url.origin };
  });
  if (addresses.length > 0 && (GPU_SECRET?.length ?? 0) < MIN_SECRET_LENGTH) {
    throw new TypeError(
      `GPU_BACKENDS needs a GPU_SECRET of ${MIN_SECRET_LENGTH} characters or more`,
    );
  }
  return addresses;
}
