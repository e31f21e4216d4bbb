import type { Decoder, ImageHeader } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import { type ImageStore, sha256 } from "../../group/index.ts";
import type { Limits } from "../limits.ts";
import type { HeldMemory } from "./request-memory.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A photograph that came with a request. */
export interface SpooledImage {
  readonly sha256: string;
  /** The file, if it is in memory. */
  readonly bytes?: Bytes;
  /** Facts from the file's header, or the error if it cannot be read. */
  readonly header?: ImageHeader & { readonly bytes: number };
  readonly fault?: CosalError;
}

export interface SpoolParts {
  readonly images: ImageStore;
  readonly decoder: Pick<Decoder, "inspect">;
  readonly limits: Pick<Limits, "imageBytes" | "memoryBytes" | "spoolBytes">;
  /** Counts what stays in memory, together with that of other requests. */
  readonly memory: Pick<HeldMemory, "add">;
}

/**
 * Collects the photographs of one request while its body arrives. Each is hashed, and its header is
 * checked against the limits. The first few stay in memory. The others go to the store and are read
 * back when needed, so a body may be larger than the memory. A photograph in the store is kept as long
 * as any other, even if the request is refused, since another request may have sent it too.
 */
export class ImageSpool {
  readonly #parts: SpoolParts;
  readonly #known = new Map<string, SpooledImage>();
  #held = 0;

  constructor(parts: SpoolParts) {
    this.#parts = parts;
  }

  /** Bytes of memory left for one more file. */
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

  /** Counts bytes that stay in memory. @throws CosalError body_too_large, backend_unavailable */
  hold(bytes: number): void {
    this.#held += bytes;
    if (this.room < 0) throw this.overflow();
    this.#parts.memory.add(bytes);
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
    // Files that are not photographs are not stored.
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
