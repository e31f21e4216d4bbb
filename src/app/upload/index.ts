import type { Decoder } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { ImageStore } from "../../group/index.ts";
import type { UrlPolicy } from "../access/types.ts";
import type { Limits } from "../limits.ts";
import { mediaType } from "./body.ts";
import { noImage } from "./image-count.ts";
import { uniqueIds } from "./image-ids.ts";
import { ImageSpool } from "./image-spool.ts";
import { readJson } from "./json.ts";
import { readMultipart } from "./multipart.ts";
import type { RawGroup, Received } from "./received.ts";
import type { HeldMemory } from "./request-memory.ts";

export { limitedBlocks, limitedBytes, mediaType } from "./body.ts";
export { verifyDigest } from "./digest.ts";
export type { Received, ReceivedImage } from "./received.ts";
export { type HeldMemory, RequestMemory } from "./request-memory.ts";

export interface UploadContext {
  readonly limits: Limits;
  readonly decoder: Pick<Decoder, "inspect">;
  /** Store for photographs that do not fit into memory. */
  readonly images: ImageStore;
  readonly memory: Pick<HeldMemory, "add">;
  readonly urls?: UrlPolicy | undefined;
  /** The query parameter. It takes precedence over the option in the body. */
  readonly onError?: "fail" | "skip" | undefined;
  /** Whether a part `consensus` is accepted. Its content is trusted. */
  readonly takesConsensus?: boolean;
}

/**
 * Reads a request's group from a form or from JSON. Every sent photograph is hashed, and its header is
 * checked against the limits. Nothing is decoded. Some may be in the store instead of memory
 * (`ImageSpool`).
 *
 * @throws CosalError content_type_unsupported, content_coding_unsupported, body_*, option_invalid,
 * group_*, image_* (naming the image, unless images that cannot be read are skipped), url_*,
 * store_unavailable, backend_unavailable
 */
export async function readUpload(request: Request, context: UploadContext): Promise<Received> {
  const { images, ...rest } = await readBody(request, context);
  if (images.length === 0) throw noImage(context.limits.images);
  const onError = context.onError ?? rest.options.on_error ?? "fail";
  const ids = uniqueIds(images.map(({ id }) => id));
  const received = images.map(({ fault, ...image }, index) => {
    const id = ids[index] as string;
    if (fault !== undefined && onError === "fail") throw fault.about({ index, id });
    return { ...image, id };
  });
  return { images: received, ...rest };
}

function readBody(request: Request, context: UploadContext): Promise<RawGroup> {
  const type = mediaType(request);
  const spool = new ImageSpool(context);
  if (type === "multipart/form-data") return readMultipart(request, spool, context);
  if (type === "application/json") return readJson(request, spool, context);
  throw new CosalError(
    "content_type_unsupported",
    `Expected a body of type multipart/form-data or application/json but received ${type || "no content-type"}.`,
  );
}
