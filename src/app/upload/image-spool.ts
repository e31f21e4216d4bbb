import type { Decoder, ImageHeader } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import { type ImageStore, sha256 } from "../../group/index.ts";
import type { Limits } from "../limits.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A photograph that came with a request. */
export interface SpooledImage {
  readonly sha256: string;
  /** The file, where it stayed in memory. */
  readonly bytes?: Bytes;
  /** Of the file, and what its header says; or why it cannot be read. */
  readonly header?: ImageHeader & { readonly bytes: number };
  readonly fault?: CosalError;
}

export interface SpoolParts {
  readonly images: ImageStore;
  readonly decoder: Pick<Decoder, "inspect">;
  readonly limits: Pick<Limits, "imageBytes" | "memoryBytes" | "spoolBytes">;
}

/**
 * The photographs of one request while its body arrives. Each is hashed, and its header held against
 * the limits. The first few stay in memory; those after them go to the store and are read back when
 * their turn comes, so that a body may be larger than the memory there is. A photograph that is stored
 * so stays, under its SHA-256 and as long as any other, also when the request is refused in the end:
 * nobody can tell whether it has come by another request too.
 */
export class ImageSpool {
  readonly #parts: SpoolParts;
  readonly #known = new Map<string, SpooledImage>();
  #held = 0;

  constructor(parts: SpoolParts) {
    this.#parts = parts;
  }

  /** Bytes that one more file may have, and still be held. */
  get room(): number {
    return this.#parts.limits.memoryBytes - this.#held;
  }

  /** @throws CosalError body_too_large; store_unavailable where it does not fit into memory either */
  async add(bytes: Bytes): Promise<SpooledImage> {
    const digest = await sha256(bytes);
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const image = await this.#keep(bytes, { sha256: digest, ...this.#inspect(bytes) });
    this.#known.set(digest, image);
    return image;
  }

  /** Counts what is held beside the photographs. @throws CosalError body_too_large */
  hold(bytes: number): void {
    this.#held += bytes;
    if (this.room < 0) throw this.overflow();
  }

  overflow(): CosalError {
    const limit = this.#parts.limits.memoryBytes;
    return new CosalError(
      "body_too_large",
      `The body has more than the ${limit} bytes that can be kept in memory here. Send fewer or smaller ` +
        "photographs: the network looks at a few hundred pixels a side.",
      { limit: { name: "bytes", limit, actual: Math.max(this.#held, limit + 1) } },
    );
  }

  async #keep(bytes: Bytes, image: SpooledImage): Promise<SpooledImage> {
    const { images, limits } = this.#parts;
    const isLarge = this.#held + bytes.length > limits.spoolBytes;
    // What is no photograph is not stored.
    if (isLarge && images.isPersistent && image.header !== undefined) {
      try {
        await images.put(image.sha256, bytes);
        return image;
      } catch (error) {
        if (bytes.length > this.room) throw error;
      }
    }
    this.hold(bytes.length);
    return { ...image, bytes };
  }

  #inspect(bytes: Bytes): Pick<SpooledImage, "header" | "fault"> {
    const { decoder, limits } = this.#parts;
    try {
      if (bytes.length > limits.imageBytes) throw tooLarge(limits.imageBytes, bytes.length);
      return { header: { ...decoder.inspect(bytes), bytes: bytes.length } };
    } catch (fault) {
      if (fault instanceof CosalError) return { fault };
      throw fault;
    }
  }
}

export function tooLarge(limit: number, actual: number): CosalError {
  const message = `The file has more than ${limit} bytes.`;
  return new CosalError("image_too_large", message, { limit: { name: "bytes", limit, actual } });
}
