import type { Decoder, ImageHeader } from "../../codec/index.ts";
import type { Seed } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { type SeedIdentity, sha256 } from "../../group/index.ts";
import type { SeedRequest } from "../schemas/request.ts";
import { decodeBase64 } from "./base64.ts";
import { greyOfRle } from "./rle.ts";

/**
 * Pixels of a seed's mask: the network looks at a grid of some tens of cells a side, so 2048 x 2048 is
 * more than enough, and 4 MiB of grey. A PNG is stretched over its photograph.
 */
export const MAX_SEED_PIXELS = 2048 * 2048;

/** A seed that names its photograph by SHA-256. */
export interface ResolvedSeed {
  readonly identity: SeedIdentity;
  /** For the engine, but for its photograph's place. */
  readonly mark: Seed extends infer S ? (S extends Seed ? Omit<S, "image"> : never) : never;
}

/** A photograph of the request, as a seed may name it. */
export interface SeedImage {
  readonly id: string;
  readonly sha256: string;
}

/** What seeds are held against. */
export interface SeedContext {
  readonly images: readonly SeedImage[];
  readonly decoder: Pick<Decoder, "inspect" | "decode">;
  /** A photograph's upright size in pixels; undefined where it is not known here. */
  readonly sizeOf: (sha256: string) => Promise<Size | undefined>;
}

export type Size = Pick<ImageHeader, "width" | "height">;

/**
 * Marked examples as they are computed with.
 *
 * @throws CosalError seed_invalid, pointing at the seed
 */
export async function resolveSeeds(
  seeds: readonly SeedRequest[],
  context: SeedContext,
): Promise<ResolvedSeed[]> {
  const resolved: ResolvedSeed[] = [];
  for (const [i, seed] of seeds.entries()) {
    try {
      resolved.push(await resolve(seed, context));
    } catch (error) {
      if (!(error instanceof CosalError || error instanceof RangeError)) throw error;
      const detail = error.message;
      const pointer = `#/options/seeds/${i}`;
      const places = [{ pointer, detail }];
      throw new CosalError("seed_invalid", `${pointer}: ${detail}`, { places, cause: error });
    }
  }
  return resolved;
}

async function resolve(
  seed: SeedRequest,
  { images, decoder, sizeOf }: SeedContext,
): Promise<ResolvedSeed> {
  const { id, sha256: image } = imageOf(seed.image, images);
  if ("point" in seed) {
    const { point } = seed;
    return { identity: { image, point }, mark: { point } };
  }
  if ("box" in seed) {
    const { box } = seed;
    return { identity: { image, box }, mark: { box } };
  }
  if ("rle" in seed) checkSize(seed.rle, id, await sizeOf(image));
  const mask = "rle" in seed ? fromRle(seed.rle) : await fromPng(seed.png, decoder);
  const { width, height, data } = mask;
  return {
    identity: { image, mask: { width, height, sha256: await sha256(data) } },
    mark: { mask },
  };
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

/** Run lengths say where they begin anew by their height: those of another size mark something else. */
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

function fromRle({ size, counts }: Rle) {
  const [height, width] = size;
  checkPixels(width, height);
  return { width, height, data: greyOfRle({ size, counts }) };
}

async function fromPng(base64: string, decoder: Pick<Decoder, "inspect" | "decode">) {
  const file = fromBase64(base64);
  const header = decoder.inspect(file);
  checkPixels(header.width, header.height);
  const { width, height, data } = await decoder.decode(file);
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]!),
  };
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64(text);
  } catch (cause) {
    throw new CosalError("seed_invalid", `The mask: ${(cause as RangeError).message}.`, { cause });
  }
}

function checkPixels(width: number, height: number): void {
  if (width * height <= MAX_SEED_PIXELS) return;
  throw new CosalError(
    "seed_invalid",
    `The mask has ${width * height} pixels; at most ${MAX_SEED_PIXELS} are taken. A PNG may be smaller than its photograph.`,
  );
}
