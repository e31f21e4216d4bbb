import { decodeBase64 } from "hono/utils/encode";
import type { Decoder } from "../../codec/index.ts";
import type { Seed } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { type SeedIdentity, sha256 } from "../../group/index.ts";
import type { SeedRequest } from "../schemas/request.ts";
import { greyOfRle } from "./rle.ts";

/**
 * Pixels of a seed's mask, which is stretched over its photograph: the network looks at a grid of
 * some tens of cells a side, so 2048 x 2048 is more than enough, and 4 MiB of grey.
 */
export const MAX_SEED_PIXELS = 2048 * 2048;

/** A seed that names its photograph by SHA-256. */
export interface ResolvedSeed {
  readonly identity: SeedIdentity;
  /** For the engine, but for its photograph's place. */
  readonly mark: Seed extends infer S ? (S extends Seed ? Omit<S, "image"> : never) : never;
}

/**
 * Marked examples as they are computed with.
 *
 * @throws CosalError seed_invalid, pointing at the seed
 */
export async function resolveSeeds(
  seeds: readonly SeedRequest[],
  images: readonly { readonly id: string; readonly sha256: string }[],
  decoder: Pick<Decoder, "inspect" | "decode">,
): Promise<ResolvedSeed[]> {
  const resolved: ResolvedSeed[] = [];
  for (const [i, seed] of seeds.entries()) {
    try {
      resolved.push(await resolve(seed, imageOf(seed.image, images), decoder));
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
  image: string,
  decoder: Pick<Decoder, "inspect" | "decode">,
): Promise<ResolvedSeed> {
  if ("point" in seed) {
    const { point } = seed;
    return { identity: { image, point }, mark: { point } };
  }
  if ("box" in seed) {
    const { box } = seed;
    return { identity: { image, box }, mark: { box } };
  }
  const mask = "rle" in seed ? fromRle(seed.rle) : await fromPng(seed.png, decoder);
  const { width, height, data } = mask;
  return {
    identity: { image, mask: { width, height, sha256: await sha256(data) } },
    mark: { mask },
  };
}

function imageOf(
  name: number | string,
  images: readonly { readonly id: string; readonly sha256: string }[],
): string {
  const image =
    typeof name === "number"
      ? images[name]
      : images.find(({ id, sha256 }) => id === name || sha256 === name);
  if (image === undefined) {
    throw new CosalError("seed_invalid", `The request has no image ${JSON.stringify(name)}.`);
  }
  return image.sha256;
}

function fromRle({ size, counts }: Extract<SeedRequest, { rle: unknown }>["rle"]) {
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
    throw new CosalError("seed_invalid", "The mask is no base64.", { cause });
  }
}

function checkPixels(width: number, height: number): void {
  if (width * height <= MAX_SEED_PIXELS) return;
  throw new CosalError(
    "seed_invalid",
    `The mask has ${width * height} pixels; at most ${MAX_SEED_PIXELS} are taken, as it is stretched.`,
  );
}
