import { CosalError } from "../../errors.ts";
import type { UrlPolicy } from "../access/types.ts";
import type { Limits } from "../limits.ts";
import { parseBody } from "../problems/index.ts";
import {
  GroupRequestSchema,
  type ImageReferenceRequest,
  type Options,
} from "../schemas/request.ts";
import { decodeBase64 } from "./base64.ts";
import { limitedBytes } from "./body.ts";
import { fetchImage } from "./fetch-image.ts";
import { noImage, tooManyImages } from "./image-count.ts";
import { parseJson } from "./parse-json.ts";
import type { RawImage } from "./received.ts";

/** Photographs fetched at the same time: a Worker has six connections. */
const MAX_FETCHES = 6;

/**
 * The photographs of an `application/json` request: by SHA-256, in base64, or by URL.
 *
 * @throws CosalError body_too_large, body_not_json, body_invalid, group_empty, group_too_large,
 * url_refused, url_failed
 */
export async function readJson(
  request: Request,
  limits: Limits,
  urls: UrlPolicy | undefined,
): Promise<{ images: RawImage[]; options: Options }> {
  const text = new TextDecoder().decode(await limitedBytes(request, limits.bodyBytes));
  const body = parseJson(text);
  const count = Array.isArray((body as { images?: unknown } | null)?.images)
    ? (body as { images: unknown[] }).images.length
    : 1;
  if (count === 0) throw noImage(limits.images);
  if (count > limits.images) throw tooManyImages(limits.images, count);
  const { images, options = {} } = parseBody(GroupRequestSchema, body);
  const raw: RawImage[] = [];
  let left = limits.bodyBytes;
  for (let i = 0; i < images.length; i += MAX_FETCHES) {
    const chunk = await Promise.all(
      images.slice(i, i + MAX_FETCHES).map((image, k) => rawImage(image, i + k, limits, urls)),
    );
    for (const image of chunk) {
      if ("bytes" in image) left -= image.bytes.length;
      if (left < 0) throw tooManyBytes(limits.bodyBytes);
    }
    raw.push(...chunk);
  }
  return { images: raw, options };
}

async function rawImage(
  image: ImageReferenceRequest,
  index: number,
  limits: Limits,
  urls: UrlPolicy | undefined,
): Promise<RawImage> {
  const id = image.id;
  if ("sha256" in image) return { id, sha256: image.sha256 };
  if ("data" in image) return { id, bytes: fromBase64(image.data, index) };
  try {
    return { id: id ?? nameIn(image.url), bytes: await fetchImage(image.url, limits, urls) };
  } catch (error) {
    throw error instanceof CosalError ? error.about({ index, ...(id && { id }) }) : error;
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
