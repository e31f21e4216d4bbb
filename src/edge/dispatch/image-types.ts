import type { ComputeJob } from "../../app/index.ts";
import { type OptionalType, unsupportedType } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { GpuBackend } from "../gpu/backend.ts";

/** Seconds after which it is worth to ask again. */
const RETRY_AFTER = 5;

/**
 * The GPU backends that decode all of a group; undefined where this isolate does, or where nobody
 * does and what cannot be read is left out.
 *
 * @throws CosalError image_type_unsupported, which names the image; backend_unavailable when those
 * that might decode it do not answer
 */
export async function decodersOf<Backend extends GpuBackend>(
  { images, onError, backend }: ComputeJob,
  gpus: readonly Backend[],
  signal: AbortSignal,
): Promise<readonly Backend[] | undefined> {
  const types = images.flatMap(({ header }) => header?.decodedElsewhere ?? []);
  if (types.length === 0) return undefined;
  const { yes, unknown } =
    backend === "wasm" ? { yes: [], unknown: [] } : await decoding(types, gpus, signal);
  if (yes.length > 0) return yes;
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(", ");
    throw new CosalError(
      "backend_unavailable",
      `A photograph is ${types[0]}, and whoever may decode it does not answer: ${names}.`,
      { retryAfter: RETRY_AFTER },
    );
  }
  if (onError === "skip") return undefined;
  const index = images.findIndex(({ header }) => header?.decodedElsewhere !== undefined);
  const { id = "" } = images[index] ?? {};
  throw unsupportedType(types[0] as OptionalType).about({ index, id });
}

/** Those that say that they decode these types, and those that say nothing. */
export async function decoding<Backend extends GpuBackend>(
  types: readonly OptionalType[],
  gpus: readonly Backend[],
  signal: AbortSignal,
): Promise<{ readonly yes: readonly Backend[]; readonly unknown: readonly Backend[] }> {
  const answers = await Promise.all(gpus.map((gpu) => gpu.types(signal)));
  return {
    yes: gpus.filter((_, i) => types.every((type) => answers[i]?.includes(type))),
    unknown: gpus.filter((_, i) => answers[i] === undefined),
  };
}
