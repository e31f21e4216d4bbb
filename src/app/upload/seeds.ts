import type { Decoder, ImageHeader } from "../../codec/index.ts";
import type { Seed } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import type { SeedIdentity } from "../../group/index.ts";
import type { SeedRequest } from "../schemas/request.ts";
import { SeedMasks } from "./seed-masks.ts";

/** A seed that names its photograph by SHA-256. */
export interface ResolvedSeed {
  readonly identity: SeedIdentity;
  /** The seed for the engine, without the position of its photograph. */
  readonly mark: Seed extends infer S ? (S extends Seed ? Omit<S, "image"> : never) : never;
  /** The seed as sent, for GPU servers. */
  readonly request: SeedRequest;
}

/** A photograph of the request, which seeds may refer to. */
export interface SeedImage {
  readonly id: string;
  readonly sha256: string;
}

/** Facts that seeds are checked against. */
export interface SeedContext {
  readonly images: readonly SeedImage[];
  readonly decoder: Pick<Decoder, "inspect" | "decode">;
  /** The model's grid (`seedGrid`). */
  readonly grid: Size;
  /** A photograph's upright size in pixels. Undefined if it is unknown. */
  readonly sizeOf: (sha256: string) => Promise<Size | undefined>;
}

export type Size = Pick<ImageHeader, "width" | "height">;

/**
 * Converts seeds to marked examples for the engine.
 *
 * @throws CosalError seed_invalid, pointing at the seed
 */
export async function resolveSeeds(
  seeds: readonly SeedRequest[],
  context: SeedContext,
): Promise<ResolvedSeed[]> {
  const masks = new SeedMasks(context.decoder, context.grid);
  const resolved: ResolvedSeed[] = [];
  for (const [i, seed] of seeds.entries()) {
    try {
      resolved.push(await resolve(seed, context, masks));
    } catch (error) {
      if (!(error instanceof CosalError || error instanceof RangeError)) throw error;
      const detail = error.message;
      const pointer = `#/options/seeds/${i}`;
      const limit = error instanceof CosalError ? error.limit : undefined;
      const details = { places: [{ pointer, detail }], ...(limit && { limit }), cause: error };
      throw new CosalError("seed_invalid", `${pointer}: ${detail}`, details);
    }
  }
  return resolved;
}

async function resolve(
  seed: SeedRequest,
  { images, sizeOf }: SeedContext,
  masks: SeedMasks,
): Promise<ResolvedSeed> {
  const { id, sha256: image } = imageOf(seed.image, images);
  const request = { ...seed, image };
  const sign = seed.negative ? { negative: true } : {};
  if ("point" in seed) {
    const { point } = seed;
    return { request, identity: { image, ...sign, point }, mark: { ...sign, point } };
  }
  if ("box" in seed) {
    const { box } = seed;
    return { request, identity: { image, ...sign, box }, mark: { ...sign, box } };
  }
  if ("rle" in seed) checkSize(seed.rle, id, await sizeOf(image));
  const { identity, mask } = await masks.read(seed);
  return { request, identity: { image, ...sign, ...identity }, mark: { ...sign, mask } };
}

function imageOf(name: number | string, images: readonly SeedImage[]): SeedImage {
  const image =
    typeof name === "number"
      ? images[name]
      : (images.find(({ id, sha256 }) => id === name || sha256 === name) ??
        images.find(({ sha256 }) => sha256 === name.toLowerCase()));
  if (image === undefined) {
    throw new CosalError("seed_invalid", `The request has no image ${JSON.stringify(name)}.`);
  }
  return image;
}

/** Run lengths must have the photograph's size, since their height determines where columns begin. */
function checkSize({ size: [height, width] }: Rle, id: string, photograph: Size | undefined): void {
  if (photograph === undefined) return;
  if (photograph.width === width && photograph.height === height) return;
  throw new CosalError(
    "seed_invalid",
    `The mask's size, [height, width], is [${height}, ${width}]; image ${JSON.stringify(id)} has ` +
      `[${photograph.height}, ${photograph.width}].`,
  );
}

type Rle = Extract<SeedRequest, { rle: unknown }>["rle"];
