import { CosalError } from "../../errors.ts";
import type { UrlPolicy } from "../access/types.ts";
import type { Limits } from "../limits.ts";
import { parseBody } from "../problems/index.ts";
import { GroupRequestSchema, type ImageReferenceRequest } from "../schemas/request.ts";
import { decodeBase64 } from "./base64.ts";
import { limitedBytes } from "./body.ts";
import { ByteSemaphore } from "./byte-semaphore.ts";
import { fetchImage } from "./fetch-image.ts";
import { noImage, tooManyImages } from "./image-count.ts";
import type { ImageSpool, SpooledImage } from "./image-spool.ts";
import { parseJson } from "./parse-json.ts";
import type { RawGroup, RawImage } from "./received.ts";

/** Photographs fetched at the same time: a Worker has six connections. */
const MAX_FETCHES = 6;

export interface JsonContext {
  readonly limits: Limits;
  readonly urls?: UrlPolicy | undefined;
}

/**
 * Reads the photographs of an `application/json` request: by SHA-256, in base64, or by URL. The body
 * is parsed as a whole, so memory limits its size.
 *
 * @throws CosalError body_*, group_empty, group_too_large, url_*, store_unavailable
 */
export async function readJson(
  request: Request,
  spool: ImageSpool,
  { limits, urls }: JsonContext,
): Promise<RawGroup> {
  const limit = Math.min(limits.bodyBytes, limits.memoryBytes);
  const body = parseJson(new TextDecoder().decode(await limitedBytes(request, limit)));
  const count = Array.isArray((body as { images?: unknown } | null)?.images)
    ? (body as { images: unknown[] }).images.length
    : 1;
  if (count === 0) throw noImage(limits.images);
  if (count > limits.images) throw tooManyImages(limits.images, count);
  const { images, options = {} } = parseBody(GroupRequestSchema, body);
  const reader = new ImageReader(spool, limits, urls);
  const raw: RawImage[] = [];
  for (let i = 0; i < images.length; i += MAX_FETCHES) {
    const several = images.slice(i, i + MAX_FETCHES);
    raw.push(...(await Promise.all(several.map((image, k) => reader.read(image, i + k)))));
  }
  return { images: raw, options };
}

class ImageReader {
  readonly #spool: ImageSpool;
  readonly #limits: Limits;
  readonly #urls: UrlPolicy | undefined;
  /** Memory for the photographs that are being fetched. */
  readonly #memory: ByteSemaphore;
  #bytes = 0;

  constructor(spool: ImageSpool, limits: Limits, urls: UrlPolicy | undefined) {
    this.#spool = spool;
    this.#limits = limits;
    this.#urls = urls;
    const { imageBytes, memoryBytes, spoolBytes } = limits;
    this.#memory = new ByteSemaphore(Math.max(imageBytes, memoryBytes - spoolBytes));
  }

  async read(image: ImageReferenceRequest, index: number): Promise<RawImage> {
    const { id } = image;
    if ("sha256" in image) return { id, sha256: image.sha256 };
    if ("data" in image) return { id, ...(await this.#add(fromBase64(image.data, index))) };
    const file = await fetchImage(image.url, this.#limits, this.#urls, this.#memory).catch(
      (error) => {
        throw error instanceof CosalError ? error.about({ index, ...(id && { id }) }) : error;
      },
    );
    try {
      return { id: id ?? nameIn(image.url), ...(await this.#add(file.bytes)) };
    } finally {
      file.release();
    }
  }

  #add(bytes: Uint8Array<ArrayBuffer>): Promise<SpooledImage> {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#limits.bodyBytes) throw tooManyBytes(this.#limits.bodyBytes);
    return this.#spool.add(bytes);
  }
}

function fromBase64(text: string, index: number): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64(text);
  } catch (cause) {
    const pointer = `#/images/${index}/data`;
    const detail = (cause as RangeError).message;
    const places = [{ pointer, detail }];
    throw new CosalError("body_invalid", `${pointer}: ${detail}.`, { places, cause });
  }
}

function nameIn(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "") || undefined;
  } catch {
    return undefined;
  }
}

function tooManyBytes(limit: number): CosalError {
  return new CosalError(
    "body_too_large",
    `The photographs have more than ${limit} bytes together.`,
    {
      limit: { name: "bytes", limit, actual: limit + 1 },
    },
  );
}
