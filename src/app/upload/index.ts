import type { Decoder } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import { sha256 } from "../../group/index.ts";
import type { UrlPolicy } from "../access/types.ts";
import type { Limits } from "../limits.ts";
import { mediaType } from "./body.ts";
import { noImage } from "./image-count.ts";
import { uniqueIds } from "./image-ids.ts";
import { readJson } from "./json.ts";
import { readMultipart } from "./multipart.ts";
import type { RawGroup, RawImage, Received, ReceivedImage } from "./received.ts";

export { limitedBytes, mediaType } from "./body.ts";
export { verifyDigest } from "./digest.ts";
export type { Received, ReceivedImage } from "./received.ts";

export interface UploadContext {
  readonly limits: Limits;
  readonly decoder: Pick<Decoder, "inspect">;
  readonly urls?: UrlPolicy | undefined;
  /** The query parameter, which goes before the option of the body. */
  readonly onError?: "fail" | "skip" | undefined;
  /** Whether a part `consensus` is taken: what it holds is trusted. */
  readonly takesConsensus?: boolean;
}

/**
 * A request's group, however it was sent. Every photograph that is there is hashed, and its header
 * held against the limits: nothing has been decoded by then.
 *
 * @throws CosalError content_type_unsupported, body_*, option_invalid, group_*, image_* (naming the
 * image, unless images that cannot be read are skipped), url_*
 */
export async function readUpload(request: Request, context: UploadContext): Promise<Received> {
  const { limits } = context;
  const { images, ...rest } = await readBody(request, context);
  if (images.length === 0) throw noImage(limits.images);
  const onError = context.onError ?? rest.options.on_error ?? "fail";
  const ids = uniqueIds(images.map(({ id }) => id));
  const received: ReceivedImage[] = [];
  for (const [index, image] of images.entries()) {
    received.push(await receive(image, ids[index] as string, index, onError, context));
  }
  return { images: received, ...rest };
}

async function readBody(
  request: Request,
  { limits, urls, takesConsensus = false }: UploadContext,
): Promise<RawGroup> {
  const type = mediaType(request);
  if (type === "multipart/form-data") return readMultipart(request, limits, takesConsensus);
  if (type === "application/json") return readJson(request, limits, urls);
  throw new CosalError(
    "content_type_unsupported",
    `Expected a body of type multipart/form-data or application/json but received ${type || "no content-type"}.`,
  );
}

async function receive(
  image: RawImage,
  id: string,
  index: number,
  onError: "fail" | "skip",
  { limits, decoder }: UploadContext,
): Promise<ReceivedImage> {
  if ("sha256" in image) return { id, sha256: image.sha256 };
  const { bytes } = image;
  try {
    checkBytes(bytes.length, limits.imageBytes);
    return { id, bytes, sha256: await sha256(bytes), header: decoder.inspect(bytes) };
  } catch (error) {
    if (!(error instanceof CosalError)) throw error;
    if (onError === "fail") throw error.about({ index, id });
    return { id, bytes, sha256: await sha256(bytes) };
  }
}

function checkBytes(actual: number, limit: number): void {
  if (actual <= limit) return;
  throw new CosalError(
    "image_too_large",
    `The file has ${actual} bytes; at most ${limit} are taken.`,
    {
      limit: { name: "bytes", limit, actual },
    },
  );
}
