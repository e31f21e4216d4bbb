import { CosalError } from "../../errors.ts";
import type { Limits } from "../limits.ts";
import { boundaryOf } from "../multipart/boundary.ts";
import { collected, limited } from "../multipart/chunks.ts";
import { type Disposition, parseDisposition } from "../multipart/disposition.ts";
import { MultipartError, type Part, readParts } from "../multipart/parts.ts";
import { parseBody } from "../problems/index.ts";
import { type Options, OptionsSchema } from "../schemas/request.ts";
import { limitedBlocks } from "./body.ts";
import { tooManyImages } from "./image-count.ts";
import { uniqueIds } from "./image-ids.ts";
import { type ImageSpool, tooLarge } from "./image-spool.ts";
import { parseJson } from "./parse-json.ts";
import type { RawGroup, RawImage } from "./received.ts";

const IMAGE_PART = "image";
const OPTIONS_PART = "options";
const CONSENSUS_PART = "consensus";

export interface FormContext {
  readonly limits: Limits;
  readonly takesConsensus?: boolean;
}

/**
 * Reads the photographs of a `multipart/form-data` request (RFC 7578), in the order sent: all parts
 * named `image`. Each goes into the spool before the next is read. Reading stops at the first limit
 * that is exceeded.
 *
 * @throws CosalError body_*, option_invalid, group_too_large, image_too_large, store_unavailable
 */
export async function readMultipart(
  request: Request,
  spool: ImageSpool,
  { limits, takesConsensus = false }: FormContext,
): Promise<RawGroup> {
  const boundary = boundaryOf(request.headers.get("content-type") ?? "");
  if (boundary === undefined) throw withoutBoundary();
  const images: RawImage[] = [];
  let options: Options | undefined;
  let consensus: Uint8Array<ArrayBuffer> | undefined;
  try {
    for await (const part of readParts(limitedBlocks(request, limits.bodyBytes), boundary)) {
      const { name, fileName } = dispositionOf(part);
      if (name === OPTIONS_PART) {
        if (options !== undefined) throw twoOptions();
        const text = new TextDecoder().decode(await held(part, spool));
        options = parseBody(OptionsSchema, parseJson(text), "#/options");
      } else if (name === IMAGE_PART) {
        const bytes = await imageFile(part, fileName, images, spool, limits);
        // Browsers send this for an input without a chosen file (HTML standard, 4.10.22.4).
        if (fileName === "" && bytes.length === 0) continue;
        if (images.length === limits.images) throw tooManyImages(limits.images, images.length + 1);
        images.push({ id: fileName, ...(await spool.add(bytes)) });
      } else if (name === CONSENSUS_PART && takesConsensus) {
        consensus = await held(part, spool);
      } else throw unknownPart(name);
    }
  } catch (error) {
    throw error instanceof MultipartError ? notMultipart(error) : error;
  }
  return { images, options: options ?? {}, consensus };
}

/** What stays in memory. @throws CosalError body_too_large */
async function held({ body }: Part, spool: ImageSpool): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await collected(limited(body, spool.room, () => spool.overflow()));
  spool.hold(bytes.length);
  return bytes;
}

/** A file that is too large is read further if there is memory, since it may have to be skipped. */
function imageFile(
  { body }: Part,
  fileName: string | undefined,
  before: readonly RawImage[],
  spool: ImageSpool,
  { imageBytes }: Limits,
): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (actual: number) => {
    const ids = uniqueIds([...before.map(({ id }) => id), fileName]);
    const index = before.length;
    return tooLarge(imageBytes, actual).about({ index, id: ids[index] as string });
  };
  return collected(limited(body, Math.max(imageBytes, spool.room), refuse));
}

function dispositionOf({ headers }: Part): Disposition {
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  // RFC 7578, 4.7, deprecates all other transfer encodings.
  if (!/^(binary|8bit|7bit)$/i.test(encoding)) throw encodedPart(encoding);
  return parseDisposition(headers.get("content-disposition") ?? "");
}

function withoutBoundary(): CosalError {
  return new CosalError(
    "body_not_multipart",
    "The content-type has no boundary of 1 to 70 characters.",
  );
}

function encodedPart(encoding: string): CosalError {
  return new CosalError(
    "body_not_multipart",
    `A part has the transfer encoding ${JSON.stringify(encoding)}: send its bytes as they are.`,
  );
}

function unknownPart(name: string | undefined): CosalError {
  const found =
    name === undefined ? "a part without a name" : `a part named ${JSON.stringify(name)}`;
  return new CosalError(
    "option_invalid",
    `Expected parts named "${IMAGE_PART}", and at most one named "${OPTIONS_PART}", but received ${found}.`,
  );
}

function twoOptions(): CosalError {
  return new CosalError("option_invalid", `There are two parts named "${OPTIONS_PART}".`);
}

function notMultipart(cause: MultipartError): CosalError {
  return new CosalError(
    "body_not_multipart",
    `The body is no multipart/form-data: ${cause.message}.`,
    { cause },
  );
}
