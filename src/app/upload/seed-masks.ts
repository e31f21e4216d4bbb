import type { Decoder } from "../../codec/index.ts";
import { reduceSeedMask, type SeedMask } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { type SeedIdentity, sha256 } from "../../group/index.ts";
import { yieldToEventLoop } from "../event-loop.ts";
import { MAX_SEED_PIXELS, MAX_SEED_PIXELS_TOTAL } from "../limits.ts";
import type { SeedRequest } from "../schemas/request.ts";
import { decodeBase64 } from "./base64.ts";
import { parseRuns, reduceRuns } from "./rle.ts";

type Rle = Extract<SeedRequest, { rle: unknown }>["rle"];
type MaskRequest = Extract<SeedRequest, { rle: unknown } | { png: unknown }>;

/** A mask for the engine, and its form in a group's identity. */
export interface ReadMask {
  /** The mask at the size of the network's grid. */
  readonly mask: SeedMask;
  readonly identity: DistributedOmit<Extract<SeedIdentity, { mask: unknown } | { rle: unknown }>>;
}

type DistributedOmit<T> = T extends unknown ? Omit<T, "image" | "negative"> : never;

/**
 * Reads the masks among one request's seeds. Equal masks are read once. PNGs share a budget of pixels.
 * It yields to other requests between two masks.
 */
export class SeedMasks {
  readonly #decoder: Pick<Decoder, "inspect" | "decode">;
  readonly #grid: { readonly width: number; readonly height: number };
  readonly #known = new Map<string, ReadMask>();
  #pixels = 0;

  constructor(
    decoder: Pick<Decoder, "inspect" | "decode">,
    grid: { readonly width: number; readonly height: number },
  ) {
    this.#decoder = decoder;
    this.#grid = grid;
  }

  /** @throws CosalError seed_invalid, image_*; RangeError for run lengths that fill no mask */
  async read(seed: MaskRequest): Promise<ReadMask> {
    const key = "rle" in seed ? `${seed.rle.size} ${seed.rle.counts}` : seed.png;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const read = "rle" in seed ? await this.#fromRle(seed.rle) : await this.#fromPng(seed.png);
    this.#known.set(key, read);
    await yieldToEventLoop();
    return read;
  }

  async #fromRle({ size, counts }: Rle): Promise<ReadMask> {
    const [height, width] = size;
    const runs = parseRuns({ size, counts });
    const digest = await sha256(new TextEncoder().encode(runs.join(" ")));
    return {
      mask: reduceRuns(runs, { width, height }, this.#grid),
      identity: { rle: { height, width, sha256: digest } },
    };
  }

  async #fromPng(base64: string): Promise<ReadMask> {
    const file = bytesOf(base64);
    const { type, ...header } = this.#decoder.inspect(file);
    if (type !== "image/png") {
      throw new CosalError("seed_invalid", `Expected a mask as PNG but received ${type}.`);
    }
    this.#take(header.width * header.height);
    const { width, height, data } = await this.#decoder.decode(file);
    const grey = new Uint8Array(width * height);
    for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i] as number;
    return {
      mask: reduceSeedMask({ width, height, data: grey }, this.#grid),
      identity: { mask: { width, height, sha256: await sha256(grey) } },
    };
  }

  /** @throws CosalError seed_invalid, before any pixel is decoded */
  #take(pixels: number): void {
    if (pixels > MAX_SEED_PIXELS) {
      throw new CosalError(
        "seed_invalid",
        `The mask has ${pixels} pixels; at most ${MAX_SEED_PIXELS} are accepted. A PNG may be smaller than its photograph.`,
        { limit: { name: "pixels of a seed", limit: MAX_SEED_PIXELS, actual: pixels } },
      );
    }
    this.#pixels += pixels;
    if (this.#pixels <= MAX_SEED_PIXELS_TOTAL) return;
    const limit = {
      ...{ name: "pixels of all seeds", limit: MAX_SEED_PIXELS_TOTAL },
      actual: this.#pixels,
    };
    throw new CosalError(
      "seed_invalid",
      `With this one, the masks have ${this.#pixels} pixels; at most ${MAX_SEED_PIXELS_TOTAL} are accepted in total. A PNG may be smaller than its photograph.`,
      { limit },
    );
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64(base64);
  } catch (cause) {
    throw new CosalError("seed_invalid", `The mask: ${(cause as RangeError).message}.`, { cause });
  }
}
