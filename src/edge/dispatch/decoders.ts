import type { ComputeJob } from "../../app/index.ts";
import type { DecodedElsewhere } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { GpuBackend } from "../gpu/backend.ts";
import { decodes } from "../gpu/server-limits.ts";

/** Seconds after which it is worth to ask again. */
const RETRY_AFTER = 5;

/**
 * The GPU backends that decode all of a group; undefined where this isolate does, or where nobody
 * does and what cannot be read is left out.
 *
 * @throws CosalError image_type_unsupported, image_too_many_pixels, which name the image;
 * backend_unavailable when those that might decode its type do not answer
 */
export async function decodersOf<Backend extends GpuBackend>(
  { images, onError, backend }: ComputeJob,
  gpus: readonly Backend[],
  signal: AbortSignal,
): Promise<readonly Backend[] | undefined> {
  const files = images.flatMap(({ header }) => header?.decodedElsewhere ?? []);
  if (files.length === 0) return undefined;
  const asked = backend === "wasm" ? [] : gpus;
  const { yes, unknown, refused } = await decoding(files, asked, signal);
  if (yes.length > 0) return yes;
  const { type, refusal } = refused;
  // A smaller photograph is taken at once; one of another type has to be made first.
  if (unknown.length > 0 && refusal.code === "image_type_unsupported") {
    const names = unknown.map(({ name }) => name).join(", ");
    throw new CosalError(
      "backend_unavailable",
      `A photograph is ${type}, and whoever may decode it does not answer: ${names}.`,
      { retryAfter: RETRY_AFTER },
    );
  }
  if (onError === "skip") return undefined;
  const index = images.findIndex(({ header }) => header?.decodedElsewhere === refused);
  const { id = "" } = images[index] ?? {};
  throw refusal.about({ index, id });
}

/**
 * Those that say that they decode all of these files, and those that say nothing; and of the files the
 * first that nobody decodes, as far as is known.
 */
export async function decoding<Backend extends GpuBackend>(
  files: readonly DecodedElsewhere[],
  gpus: readonly Backend[],
  signal: AbortSignal,
) {
  const answers = await Promise.all(gpus.map((gpu) => gpu.limits(signal)));
  const isDecodedAt = (i: number, file: DecodedElsewhere) => {
    const limits = answers[i];
    return limits !== undefined && decodes(limits, file);
  };
  return {
    yes: gpus.filter((_, i) => files.every((file) => isDecodedAt(i, file))),
    unknown: gpus.filter((_, i) => answers[i] === undefined),
    refused: (files.find((file) => !gpus.some((_, i) => isDecodedAt(i, file))) ??
      files[0]) as DecodedElsewhere,
  };
}
